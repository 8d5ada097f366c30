#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"

namespace posthorn::server::imap {

/// RFC 8474 §4: never reused, and tells nothing of a message's content.
std::string format_mailbox_id(const AccountId& account, MailboxId mailbox);
std::string format_email_id(const AccountId& account, Ordinal ordinal);
/// The message of the account that has this EMAILID, or had it; none for any other text.
std::optional<Ordinal> parse_email_id(const AccountId& account, std::string_view id);

}  // namespace posthorn::server::imap
