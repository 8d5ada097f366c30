#include "service/rename_back.h"

#include <set>

#include "service/subscriptions.h"

namespace posthorn::service {
namespace {

/// A name that nothing has, for what is in the way of `name`.
std::string free_name(const store::AccountState& state, const std::string& name) {
  for (int n = 1;; ++n) {
    const std::string free = name + (n == 1 ? " (later)" : fmt::format(" (later {})", n));
    if (!state.names->contains(free) && !state.has_children(free)) return free;
  }
}

Status move(store::Change& change, const std::string& from, const std::string& to) {
  if (Status done = change.rename_mailbox(from, to); !done) return done;
  return move_subscriptions(change, from, to);
}

/// The mailbox with the first name that is not right yet: a level before what is below it.
std::optional<std::pair<std::string, std::string>> first_wrong(
    const store::AccountState& state, const std::map<std::string, MailboxId>& then) {
  // In a draft, only this list has the names as they are by now.
  std::map<MailboxId, std::string_view> is;
  for (const auto& [name, id] : *state.names) is.emplace(id, name);
  for (const auto& [name, id] : then) {
    const auto now = is.find(id);
    if (now != is.end() && now->second != name) return std::pair(std::string(now->second), name);
  }
  return std::nullopt;
}

}  // namespace

Status rename_back(store::Change& change, std::map<MailboxId, std::string> then) {
  std::map<std::string, MailboxId> by_name;
  for (auto& [id, name] : then)
    if (name != "INBOX") by_name.emplace(std::move(name), id);
  // Each is moved at most a few times: out of the way of another, with one above it, and home.
  const std::size_t enough = 16 + by_name.size() * 8;
  for (std::size_t i = 0; i < enough; ++i) {
    const auto wrong = first_wrong(change.state(), by_name);
    if (!wrong) return {};
    const auto& [is, wanted] = *wrong;
    const store::AccountState& state = change.state();
    std::string from = is;
    std::string to = wanted;
    if (wanted.starts_with(is + store::kDelimiter)) {
      to = free_name(state, is);
    } else if (state.names->contains(wanted) || state.has_children(wanted)) {
      from = wanted;
      to = free_name(state, wanted);
    }
    if (Status done = move(change, from, to); !done) return done;
  }
  return fail(ErrorKind::limit, "The mailboxes could not be given the names they had");
}

}  // namespace posthorn::service
