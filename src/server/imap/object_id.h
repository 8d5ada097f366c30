#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"

namespace posthorn::server::imap {

/// Object identifiers are never reused and reveal nothing of a message's content (RFC 8474 §4).
std::string format_mailbox_id(const AccountId& account, MailboxId mailbox);
std::string format_email_id(const AccountId& account, Ordinal ordinal);
/// Returns the message of the account that has, or had, this EMAILID; none for any other text.
std::optional<Ordinal> parse_email_id(const AccountId& account, std::string_view id);

}  // namespace posthorn::server::imap
