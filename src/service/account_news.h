#pragma once

#include <string>
#include <vector>

#include "store/value/account_state.h"

/// The difference between two states of an account, for a session that tells its client of every
/// mailbox (RFC 5465). What a session has told is a state; nothing is collected in between, so the
/// cost for a session does not depend on how much happens.
namespace posthorn::service {

/// A name of which something has changed: that there is a mailbox, or that it is subscribed.
struct ChangedName {
  std::string name;
  std::string old_name = {};  ///< If the mailbox was renamed.
  /// The mailbox was created, removed or renamed, or another one directly below it was created or
  /// removed (RFC 5465 §5.4). Mailboxes that were renamed together with one above them have not
  /// changed in that sense.
  bool mailbox = false;
  bool subscription = false;
  /// Only the subscription has changed, and only since it was moved together with mailboxes that
  /// were renamed.
  bool moved = false;
};
/// Returns them in ascending order.
std::vector<ChangedName> changed_names(const store::AccountState& before,
                                       const store::AccountState& after);

/// A mailbox that has changed.
struct ChangedMailbox {
  store::MailboxPtr before;  ///< Null if there was none with this id.
  store::MailboxPtr after;
};
/// Returns those that exist now. The cost is a comparison of pointers for each mailbox.
std::vector<ChangedMailbox> changed_mailboxes(const store::AccountState& before,
                                              const store::AccountState& after);

}  // namespace posthorn::service
