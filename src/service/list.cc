#include "service/list.h"

#include <set>

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

/// Every name that may be listed. A name without a mailbox is included because of the names below
/// it.
Names candidates(const store::AccountState& state, const ListQuery& query) {
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
  }
  return names;
}

bool is_wanted(const ListEntry& entry, const ListQuery& query) {
  if (query.special_use != 0 &&
      (entry.mailbox == nullptr || (entry.mailbox->special_use & query.special_use) == 0)) {
    return false;
  }
  if (query.from == ListQuery::From::mailboxes) return entry.mailbox || entry.has_children;
  return entry.subscribed || (query.depth == ListQuery::Depth::below_too && entry.subscribed_below);
}

}  // namespace

std::vector<ListEntry> list_mailboxes(const store::AccountState& state, const ListQuery& query) {
  std::vector<ListEntry> entries;
  for (const std::string_view name : candidates(state, query)) {
    if (!query.matches(name)) continue;
    ListEntry entry;
    entry.name = name;
    entry.mailbox = state.find(name);
    entry.subscribed = state.subscriptions->contains(name);
    entry.has_children = state.has_children(name);
    entry.subscribed_below = any_below(*state.subscriptions, name);
    if (is_wanted(entry, query)) entries.push_back(std::move(entry));
  }
  return entries;
}

}  // namespace posthorn::service
