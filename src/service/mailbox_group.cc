#include "service/mailbox_group.h"

#include <algorithm>
#include <utility>

namespace posthorn::service {
namespace {

bool is_among(const std::vector<std::string>& names, std::string_view name) {
  return std::ranges::binary_search(names, name, std::less<>());
}

/// The name of the level above; empty if there is none.
std::string_view parent_of(std::string_view name) {
  const std::size_t cut = name.rfind(store::kDelimiter);
  return cut == std::string_view::npos ? std::string_view() : name.substr(0, cut);
}

bool is_below_one(const std::vector<std::string>& names, std::string_view name) {
  for (name = parent_of(name); !name.empty(); name = parent_of(name))
    if (is_among(names, name)) return true;
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

bool MailboxGroup::has(std::string_view name,
                       const store::AccountState::Subscriptions& subscriptions, Whose whose) const {
  switch (kind) {
    case Kind::inboxes:
    case Kind::personal: return whose == Whose::own;
    case Kind::subscribed: return subscriptions.contains(name);
    case Kind::subtree: return is_among(names, name) || is_below_one(names, name);
    case Kind::subtree_one: return is_among(names, name) || is_among(names, parent_of(name));
    case Kind::mailboxes: return is_among(names, name);
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
    const bool named = std::ranges::any_of(groups, [&](const MailboxGroup& group) {
      return group.kind == MailboxGroup::Kind::mailboxes && is_among(group.names, name);
    });
    auto mailbox = resolve(caller, name);
    if (mailbox && (named || mailbox->rights.has(Right::lookup)))
      members.push_back({name, std::move(*mailbox)});
  }
  // What was removed is among the members only where it is named, not as one of many.
  const store::MailboxPtr removed = removed_mailbox(caller);
  const bool wants_removed =
      removed != nullptr && std::ranges::any_of(groups, [&](const MailboxGroup& group) {
        return group.kind == MailboxGroup::Kind::mailboxes && is_among(group.names, removed->name);
      });
  if (wants_removed)
    if (auto mailbox = resolve(caller, removed->name))
      members.push_back({removed->name, std::move(*mailbox)});
  std::ranges::sort(members, comes_before, &GroupMember::name);
  return members;
}

}  // namespace posthorn::service
