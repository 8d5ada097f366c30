#include "service/account_news.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <string_view>
#include <utility>

namespace posthorn::service {
namespace {

using store::AccountState;
using Names = std::map<std::string, ChangedName, std::less<>>;

ChangedName& entry_of(Names& names, std::string_view name) {
  const auto it = names.find(name);
  if (it != names.end()) return it->second;
  return names.emplace(name, ChangedName{.name = std::string(name)}).first->second;
}

/// Creating and removing a mailbox concerns the level above as well, since that may have got its
/// first child or lost its last.
void add_with_parent(Names& names, std::string_view name) {
  entry_of(names, name).mailbox = true;
  const std::size_t cut = name.rfind(store::kDelimiter);
  if (cut != std::string_view::npos) entry_of(names, name.substr(0, cut)).mailbox = true;
}

struct Renamed {
  std::string_view from;
  std::string_view to;

  /// Returns whether renaming this mailbox has renamed the other one too.
  [[nodiscard]] bool took_along(const Renamed& other) const {
    return is_below(other.from, from) && is_below(other.to, to) &&
           other.from.substr(from.size()) == other.to.substr(to.size());
  }
  static bool is_below(std::string_view name, std::string_view parent) {
    return name.size() > parent.size() && name.starts_with(parent) &&
           name[parent.size()] == store::kDelimiter;
  }
};

/// The mailboxes that were renamed by themselves.
class Roots {
 public:
  /// Returns whether it is one. Requires: a mailbox is added before those below its old name.
  bool add(const Renamed& renamed) {
    for (auto above = parent_of(renamed.from); !above.empty(); above = parent_of(above)) {
      const auto it = by_from_.find(above);
      if (it != by_from_.end() && it->second.took_along(renamed)) return false;
    }
    by_from_.emplace(renamed.from, renamed);
    to_.insert(renamed.to);
    return true;
  }
  /// Returns whether the name is that of a mailbox that was renamed, or below it, before or after.
  [[nodiscard]] bool concern(std::string_view name) const {
    for (; !name.empty(); name = parent_of(name))
      if (by_from_.contains(name) || to_.contains(name)) return true;
    return false;
  }

 private:
  static std::string_view parent_of(std::string_view name) {
    const std::size_t cut = name.rfind(store::kDelimiter);
    return cut == std::string_view::npos ? std::string_view() : name.substr(0, cut);
  }
  std::map<std::string_view, Renamed> by_from_;
  std::set<std::string_view> to_;
};

/// Adds what was created, removed and renamed.
Roots compare_mailboxes(const AccountState& before, const AccountState& after, Names& names) {
  std::map<MailboxId, std::string_view> were;
  for (const auto& [name, id] : *before.names) were.emplace(id, name);
  std::vector<Renamed> renamed;
  for (const auto& [name, id] : *after.names) {
    const auto was = were.find(id);
    if (was == were.end()) {
      add_with_parent(names, name);
    } else {
      if (was->second != name) renamed.push_back({was->second, name});
      were.erase(was);
    }
  }
  for (const auto& [id, name] : were) add_with_parent(names, name);
  std::ranges::sort(renamed, {}, &Renamed::from);
  Roots roots;
  for (const Renamed& one : renamed) {
    if (!roots.add(one)) continue;
    ChangedName& entry = entry_of(names, one.to);
    entry.mailbox = true;
    entry.old_name = one.from;
  }
  return roots;
}

void compare_subscriptions(const AccountState& before, const AccountState& after,
                           const Roots& roots, Names& names) {
  std::vector<std::string> changed;
  std::ranges::set_symmetric_difference(*before.subscriptions, *after.subscriptions,
                                        std::back_inserter(changed));
  for (const std::string& name : changed) {
    ChangedName& entry = entry_of(names, name);
    entry.subscription = true;
    entry.moved = !entry.mailbox && roots.concern(name);
  }
}

}  // namespace

std::vector<ChangedName> changed_names(const AccountState& before, const AccountState& after) {
  Names names;
  Roots roots;
  if (before.names != after.names) roots = compare_mailboxes(before, after, names);
  if (before.subscriptions != after.subscriptions)
    compare_subscriptions(before, after, roots, names);
  std::vector<ChangedName> out;
  for (auto& [name, entry] : names) out.push_back(std::move(entry));
  return out;
}

std::vector<ChangedMailbox> changed_mailboxes(const AccountState& before,
                                              const AccountState& after) {
  std::vector<ChangedMailbox> changed;
  auto old = before.mailboxes.begin();
  for (const auto& [id, mailbox] : after.mailboxes) {
    while (old != before.mailboxes.end() && old->first < id) ++old;
    const bool existed = old != before.mailboxes.end() && old->first == id;
    if (existed && old->second == mailbox) continue;
    changed.push_back({existed ? old->second : nullptr, mailbox});
  }
  return changed;
}

}  // namespace posthorn::service
