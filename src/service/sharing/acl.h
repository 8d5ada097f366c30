#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.h"
#include "base/result.h"
#include "service/mailbox_ref.h"
#include "store/value/grants.h"

/// Reading and changing access control lists (RFC 4314). What an entry means is decided by
/// rights_of() in mailbox_ref.h.
namespace posthorn::service {

/// Returns the letters of rights in the order of RFC 4314 §2.1, with the old letters "c" and "d" if
/// any of their rights is there (RFC 4314 §2.1.1).
std::string letters_of(Rights rights);
/// "c" stands for "k" and "x", "d" for "t" and "e". Errors: syntax, for any other character.
Result<Rights> rights_from(std::string_view letters);

/// Whom an entry is about. An account is named by its login name or another of its addresses, a
/// group by "group:name" or "$name", everybody by "anyone"; with "-" in front, the entry takes
/// rights away.
struct Identifier {
  std::string text;  ///< As it is stored and shown.
  store::Grant::To to = store::Grant::To::account;
  store::Grant::Sign sign = store::Grant::Sign::gives;
  std::string name;  ///< Of the account, in lower case, or of the group.
};
/// The text is one that SASLprep has prepared (RFC 4314 §3). Errors: syntax, if it is empty, too
/// long, or names neither an account nor a group.
Result<Identifier> parse_identifier(std::string_view text);

struct AclEntry {
  std::string identifier;
  Rights rights;
};
/// Returns the list of a mailbox, with an entry for its owner, in a stable order. Errors:
/// not_found, no_permission, io.
async::Task<Result<std::vector<AclEntry>>> read_acl(MailboxRef mailbox);

/// Returns the rights that this identifier always has on the mailbox. Errors: as read_acl(),
/// syntax.
async::Task<Result<Rights>> fixed_rights(MailboxRef mailbox, std::string identifier);

enum class RightsEdit : std::uint8_t { replace, add, remove };
struct AclEdit {
  std::string identifier;
  RightsEdit edit = RightsEdit::replace;
  Rights rights;
};
enum class AclOutcome : std::uint8_t {
  as_asked,
  kept_more,  ///< The owner keeps rights that were taken: tell the client what the list is now.
};
/// Changes one entry. An identifier that names nobody gets an entry that gives nothing, now or
/// later, so that nobody learns who has an account. A user who gets rights to see and read the
/// mailbox is subscribed to it, once. Durable on return. Errors: not_found, no_permission, syntax,
/// bad_argument (mailboxes of this account cannot be named by others), limit, io, unavailable.
async::Task<Result<AclOutcome>> edit_acl(Caller caller, MailboxRef mailbox, AclEdit edit);

/// Removes an entry, if there is one. Errors: as edit_acl().
async::Task<Result<AclOutcome>> remove_from_acl(Caller caller, MailboxRef mailbox,
                                                std::string identifier);

}  // namespace posthorn::service
