#include "service/list.h"

#include <algorithm>
#include <set>

#include "service/sharing/shared_name.h"

namespace posthorn::service {
namespace {

using Names = std::set<std::string_view>;

void add_with_parents(Names& names, std::string_view name) {
  // If a parent is already in the set, so are its own parents.
  while (names.insert(name).second) {
    const std::size_t cut = name.rfind(store::kDelimiter);
    if (cut == std::string_view::npos) return;
    name = name.substr(0, cut);
  }
}

bool any_below(const store::AccountState::Subscriptions& names, std::string_view name) {
  const std::string prefix = std::string(name) + store::kDelimiter;
  const auto it = names.lower_bound(prefix);
  return it != names.end() && it->starts_with(prefix);
}

/// The mailboxes that others share, by name.
class Shared {
 public:
  explicit Shared(const SharedMailboxes& all) : all_(all) {}

  [[nodiscard]] bool empty() const { return all_.mailboxes.empty(); }
  [[nodiscard]] const std::vector<SharedMailbox>& all() const { return all_.mailboxes; }
  [[nodiscard]] const SharedMailbox* find(std::string_view name) const {
    const auto it = std::ranges::lower_bound(all_.mailboxes, name, {}, &SharedMailbox::name);
    return it != all_.mailboxes.end() && it->name == name ? &*it : nullptr;
  }
  [[nodiscard]] bool has_below(std::string_view name) const {
    return any_below(name, [](const SharedMailbox&) { return true; });
  }
  /// Returns whether f is true for one of those below `name`.
  template <class F>
  bool any_below(std::string_view name, F&& f) const {
    const std::string prefix = std::string(name) + store::kDelimiter;
    auto it = std::ranges::lower_bound(all_.mailboxes, prefix, {}, &SharedMailbox::name);
    for (; it != all_.mailboxes.end() && it->name.starts_with(prefix); ++it)
      if (f(*it)) return true;
    return false;
  }
  /// What a name is that is none of the account itself.
  [[nodiscard]] ListEntry::Kind kind_of(std::string_view name) const {
    using Kind = ListEntry::Kind;
    if (!is_in_shared_namespace(name)) return Kind::own;
    for (const std::string& prefix : all_.unknown_below)
      if (name.starts_with(prefix)) return Kind::unknown;
    return shared_name_of(name) ? Kind::shared : Kind::level;
  }

 private:
  const SharedMailboxes& all_;
};

/// Every name that may be listed. A name without a mailbox is included because of the names below
/// it.
Names candidates(const store::AccountState& state, const Shared& shared, const ListQuery& query) {
  Names names;
  if (query.from == ListQuery::From::subscriptions) {
    for (const std::string& name : *state.subscriptions) {
      if (query.depth == ListQuery::Depth::below_too) {
        add_with_parents(names, name);
      } else {
        names.insert(name);
      }
    }
  } else {
    for (const auto& [name, id] : *state.names) add_with_parents(names, name);
    if (query.removed) names.insert(query.removed->name);
    for (const SharedMailbox& mailbox : shared.all()) add_with_parents(names, mailbox.name);
  }
  return names;
}

bool is_wanted(const ListEntry& entry, const ListQuery& query) {
  if (query.special_use != 0 && (entry.mailbox == nullptr || entry.kind != ListEntry::Kind::own ||
                                 (entry.mailbox->special_use & query.special_use) == 0)) {
    return false;
  }
  if (query.from == ListQuery::From::mailboxes) return entry.mailbox || entry.has_children;
  return entry.subscribed || (query.depth == ListQuery::Depth::below_too && entry.subscribed_below);
}

/// A mailbox of others that the user may not see is as if it did not exist (RFC 4314 §4). Its name
/// is given only where a mailbox below it could not be reached otherwise.
bool is_hidden(const ListEntry& entry, const Shared& shared, const ListQuery& query) {
  if (query.from == ListQuery::From::subscriptions) return false;
  if (entry.kind != ListEntry::Kind::shared || entry.shared != nullptr) return false;
  return shared.any_below(entry.name,
                          [&](const SharedMailbox& below) { return query.matches(below.name); });
}

}  // namespace

ListEntry list_entry(const store::AccountState& state, std::string_view name) {
  ListEntry entry;
  entry.name = name;
  entry.mailbox = state.find(name);
  entry.subscribed = state.subscriptions->contains(name);
  entry.has_children = state.has_children(name);
  entry.subscribed_below = any_below(*state.subscriptions, name);
  return entry;
}

std::vector<ListEntry> list_mailboxes(const store::AccountState& state,
                                      const SharedMailboxes& shared_mailboxes,
                                      const ListQuery& query) {
  const Shared shared(shared_mailboxes);
  std::vector<ListEntry> entries;
  for (const std::string_view name : candidates(state, shared, query)) {
    if (!query.matches(name)) continue;
    ListEntry entry;
    entry.name = name;
    entry.mailbox = state.find(name);
    if (entry.mailbox == nullptr && query.removed && query.removed->name == name) {
      entry.mailbox = query.removed;
      entry.kind = ListEntry::Kind::removed;
    } else if (entry.mailbox == nullptr) {
      entry.shared = shared.find(name);
      entry.kind = entry.shared ? ListEntry::Kind::shared : shared.kind_of(name);
      if (entry.shared) entry.mailbox = entry.shared->now;
    }
    entry.subscribed = state.subscriptions->contains(name);
    entry.has_children = state.has_children(name) || shared.has_below(name);
    entry.subscribed_below = any_below(*state.subscriptions, name);
    if (is_wanted(entry, query) && !is_hidden(entry, shared, query))
      entries.push_back(std::move(entry));
  }
  return entries;
}

std::vector<ListEntry> list_mailboxes(const store::AccountState& state, const ListQuery& query) {
  return list_mailboxes(state, {}, query);
}

}  // namespace posthorn::service
