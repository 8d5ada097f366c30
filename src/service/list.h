#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "service/sharing/find.h"
#include "store/value/account_state.h"

namespace posthorn::service {

/// Selects names: those of an account, and those that others share with its user.
struct ListQuery {
  /// Returns whether a name matches the client's pattern.
  std::function<bool(std::string_view)> matches;
  /// RFC 5258 §3.1 SUBSCRIBED: subscribed names, whether or not such a mailbox exists.
  enum class From : std::uint8_t { mailboxes, subscriptions };
  From from = From::mailboxes;
  /// RFC 5258 §3.1 RECURSIVEMATCH: also names that have a subscribed name below them.
  enum class Depth : std::uint8_t { itself, below_too };
  Depth depth = Depth::itself;
  store::SpecialUses special_use = 0;  ///< If not 0, only mailboxes with one of these uses.
  store::MailboxPtr removed = {};      ///< The mailbox of removed messages, if the user has one.
};

struct ListEntry {
  enum class Kind : std::uint8_t {
    own,      ///< Of the account itself.
    shared,   ///< Of somebody else; `shared` is set, unless there are only mailboxes below it.
    level,    ///< A level of a namespace, which can never be a mailbox.
    unknown,  ///< Of somebody else, and cannot be looked at now.
    removed   ///< What was removed from the account.
  };
  std::string name;
  store::MailboxPtr mailbox;  ///< Null if there is no mailbox of that name, but some below it.
  Kind kind = Kind::own;
  const SharedMailbox* shared = nullptr;
  bool subscribed = false;
  bool has_children = false;
  bool subscribed_below = false;  ///< A name below this one is subscribed.
};

/// Returns what is to be listed of one name of the account itself, which need not exist.
ListEntry list_entry(const store::AccountState& state, std::string_view name);

/// Returns the entries in ascending order of their names. `shared` must outlive them. Depends on
/// nothing but its arguments.
std::vector<ListEntry> list_mailboxes(const store::AccountState& state,
                                      const SharedMailboxes& shared, const ListQuery& query);
/// The same for an account with which nobody shares anything.
std::vector<ListEntry> list_mailboxes(const store::AccountState& state, const ListQuery& query);

}  // namespace posthorn::service
