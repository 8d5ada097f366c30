#pragma once

#include <string>

#include "base/ids.h"

namespace posthorn::server::imap {

/// RFC 8474 §4: never reused, and tells nothing of a message's content.
std::string format_mailbox_id(const AccountId& account, MailboxId mailbox);
std::string format_email_id(const AccountId& account, Ordinal ordinal);

}  // namespace posthorn::server::imap
