#include "service/mailbox_group.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/bytes.h"
#include "service/sharing/find.h"
#include "service/sharing/shared_name.h"

namespace posthorn::service {
namespace {

/// The name of the level above; empty if there is none.
std::string_view parent_of(std::string_view name) {
  const std::size_t cut = name.rfind(store::kDelimiter);
  return cut == std::string_view::npos ? std::string_view() : name.substr(0, cut);
}

bool is_below_one(const NameSet& names, std::string_view name) {
  for (name = parent_of(name); !name.empty(); name = parent_of(name))
    if (names.contains(name)) return true;
  return false;
}

/// Orders names level by level: "a/b" comes before "a-b", which bytes would put first.
bool comes_before(std::string_view a, std::string_view b) {
  const auto [at_a, at_b] = std::ranges::mismatch(a, b);
  if (at_a == a.end() || at_b == b.end()) return at_b != b.end();
  if (*at_a == store::kDelimiter || *at_b == store::kDelimiter) return *at_a == store::kDelimiter;
  return static_cast<unsigned char>(*at_a) < static_cast<unsigned char>(*at_b);
}

}  // namespace

NameSet::NameSet(std::vector<std::string> names) {
  std::ranges::sort(names);
  names.erase(std::ranges::unique(names).begin(), names.end());
  std::string octets;
  ByteWriter w(octets);
  blocks_.reserve((names.size() + kBlock - 1) / kBlock);
  for (std::size_t i = 0; i < names.size(); ++i) {
    std::size_t shared = 0;
    if (i % kBlock == 0) {
      blocks_.push_back(static_cast<std::uint32_t>(octets.size()));
    } else {
      shared = static_cast<std::size_t>(std::ranges::mismatch(names[i - 1], names[i]).in2 -
                                        names[i].begin());
    }
    w.varint(shared);
    w.bytes(std::string_view(names[i]).substr(shared));
  }
  octets_.assign(octets);  // Without the room that it has grown by.
}

std::string_view NameSet::first_of(std::size_t block) const {
  ByteReader r(std::string_view(octets_).substr(blocks_[block]));
  (void)r.varint();
  return r.bytes();
}

template <class F>
bool NameSet::find_in(std::size_t block, F&& f) const {
  const std::size_t begin = blocks_[block];
  const std::size_t end = block + 1 < blocks_.size() ? blocks_[block + 1] : octets_.size();
  ByteReader r(std::string_view(octets_).substr(begin, end - begin));
  std::string name;
  while (!r.at_end()) {
    name.resize(r.varint());
    name += r.bytes();
    if (f(name)) return true;
  }
  return false;
}

std::vector<std::string> NameSet::all() const {
  std::vector<std::string> names;
  for (std::size_t block = 0; block < blocks_.size(); ++block)
    find_in(block, [&](const std::string& name) {
      names.push_back(name);
      return false;
    });
  return names;
}

bool NameSet::contains(std::string_view name) const {
  // The last block that begins with this name or one before it.
  std::size_t first = 0;
  std::size_t last = blocks_.size();
  while (first < last) {
    const std::size_t middle = first + (last - first) / 2;
    if (first_of(middle) <= name)
      first = middle + 1;
    else
      last = middle;
  }
  return first > 0 && find_in(first - 1, [&](const std::string& one) { return one == name; });
}

bool MailboxGroup::has(std::string_view name,
                       const store::AccountState::Subscriptions& subscriptions, Whose whose) const {
  switch (kind) {
    case Kind::inboxes:
    case Kind::personal: return whose == Whose::own;
    case Kind::subscribed: return subscriptions.contains(name);
    case Kind::subtree: return names.contains(name) || is_below_one(names, name);
    case Kind::subtree_one: return names.contains(name) || names.contains(parent_of(name));
    case Kind::mailboxes: return names.contains(name);
  }
  return false;
}

std::vector<GroupMember> mailboxes_of(const Caller& caller,
                                      const std::vector<MailboxGroup>& groups) {
  std::vector<GroupMember> members;
  const store::StatePtr state = caller.account->published();
  for (const auto& [name, id] : *state->names) {
    const bool wanted = std::ranges::any_of(
        groups, [&](const MailboxGroup& group) { return group.has(name, *state->subscriptions); });
    if (!wanted) continue;
    auto mailbox = resolve(caller, name);
    if (mailbox) members.push_back({name, std::move(*mailbox)});
  }
  // What was removed is among the members only where it is named, not as one of many.
  const store::MailboxPtr removed = removed_mailbox(caller);
  const bool wants_removed =
      removed != nullptr && std::ranges::any_of(groups, [&](const MailboxGroup& group) {
        return group.kind == MailboxGroup::Kind::mailboxes && group.names.contains(removed->name);
      });
  if (wants_removed)
    if (auto mailbox = resolve(caller, removed->name))
      members.push_back({removed->name, std::move(*mailbox)});
  std::ranges::sort(members, comes_before, &GroupMember::name);
  return members;
}

bool reaches_others(const MailboxGroup& group) {
  switch (group.kind) {
    case MailboxGroup::Kind::inboxes:
    case MailboxGroup::Kind::personal: return false;
    case MailboxGroup::Kind::subscribed: return true;
    default: return std::ranges::any_of(group.names.all(), is_in_shared_namespace);
  }
}

namespace {

/// Adds the named mailboxes that may be read without being listed.
async::Task<void> add_unlisted(const Caller& caller, const MailboxGroup& group,
                               std::vector<GroupMember>& members) {
  if (group.kind != MailboxGroup::Kind::mailboxes) co_return;
  for (const std::string& named : group.names.all()) {
    const auto shared = shared_name_of(named);
    if (!shared) continue;
    const std::string name = shared_name(*shared);
    auto mailbox = co_await find_mailbox(caller, name, {Right::read});
    if (!mailbox) continue;
    const bool is_known = std::ranges::any_of(
        members, [&](const GroupMember& member) { return member.mailbox.is(*mailbox); });
    if (!is_known) members.push_back({name, std::move(*mailbox)});
  }
}

}  // namespace

async::Task<Result<std::vector<GroupMember>>> all_mailboxes_of(Caller caller,
                                                               std::vector<MailboxGroup> groups) {
  std::vector<GroupMember> own = mailboxes_of(caller, groups);
  if (!std::ranges::any_of(groups, reaches_others)) co_return own;
  const store::StatePtr state = caller.account->published();
  auto shared = co_await shared_mailboxes(caller);
  if (!shared) co_return pass(shared);
  std::vector<GroupMember> others;
  for (SharedMailbox& one : shared->mailboxes) {
    const bool wanted = std::ranges::any_of(groups, [&](const MailboxGroup& group) {
      return group.has(one.name, *state->subscriptions, MailboxGroup::Whose::others);
    });
    // A mailbox of one's own with that name comes first.
    if (wanted && !state->names->contains(one.name))
      others.push_back({std::move(one.name), std::move(one.mailbox)});
  }
  for (const MailboxGroup& group : groups) co_await add_unlisted(caller, group, others);
  std::ranges::sort(others, comes_before, &GroupMember::name);
  std::ranges::move(others, std::back_inserter(own));
  co_return own;
}

}  // namespace posthorn::service
