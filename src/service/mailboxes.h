#pragma once

#include <string>

#include "async/task.h"
#include "base/result.h"
#include "service/mailbox_ref.h"
#include "store/value/mailbox.h"

/// Creating, deleting, renaming and subscribing mailboxes, with the policy that all protocols
/// share: clients mostly show subscribed mailboxes only, so subscriptions follow what happens to
/// mailboxes. Names are as the caller writes them, and may be those of mailboxes that others share.
/// Each function is one change of the account that the mailbox belongs to, durable on return; the
/// subscriptions of others follow in changes of their own. Errors of all: those stated, io,
/// unavailable.
namespace posthorn::service {

/// RFC 9051 §6.3.4: a delimiter at the end of a name announces that names will be created below it;
/// it is not part of the name.
std::string without_delimiter_at_end(std::string name);

/// Creates a mailbox and its missing parents, and subscribes it (RFC 9051 §6.3.4, RFC 6154 §3). A
/// delimiter at the end of the name is ignored. Errors: already_exists; bad_argument (the name);
/// limit; no_permission: can_create_for() is false, or the
/// caller may not create mailboxes there (RFC 4314 §4 "k").
async::Task<Result<MailboxRef>> create_mailbox(Caller caller, std::string name,
                                               store::SpecialUses uses = 0);
/// Returns whether a mailbox can be created for these uses. \All and \Flagged are views of other
/// mailboxes' messages.
bool can_create_for(store::SpecialUses uses);

/// Removes a mailbox, its messages and its subscription (RFC 9051 §6.3.5). A mailbox whose rows
/// cannot all be read is removed too, because unreadable rows are no reason to keep it. Errors:
/// not_found; no_permission (RFC 4314 §4 "x"); bad_argument (INBOX).
async::Task<Status> delete_mailbox(Caller caller, std::string name);

/// Renames a mailbox and those below it, together with their subscriptions, and subscribes the new
/// name. Renaming INBOX moves its messages into a new mailbox (RFC 9051 §6.3.6). A delimiter at the
/// end of `to` is ignored. Errors: not_found; no_permission (RFC 4314 §4: "x", and "k" where it
/// goes); already_exists; bad_argument; not_supported (to another account).
async::Task<Status> rename_mailbox(Caller caller, std::string from, std::string to);

/// The name need not exist (RFC 9051 §6.3.7, §6.3.8), unless it is that of somebody else's mailbox.
/// Errors of subscribe: bad_argument (the name), not_found.
async::Task<Status> subscribe(Caller caller, std::string name);
async::Task<Status> unsubscribe(Caller caller, std::string name);

/// Subscribes the mailbox, and creates it if it does not exist. For import and migration.
async::Task<Status> ensure_mailbox(Caller caller, std::string name);

}  // namespace posthorn::service
