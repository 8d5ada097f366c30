#include "server/imap/object_id.h"

namespace posthorn::server::imap {
namespace {

/// Enough of the account's random bits to keep accounts apart.
std::string prefix(char kind, const AccountId& account) {
  return kind + to_hex(account).substr(0, 16) + '-';
}

}  // namespace

std::string format_mailbox_id(const AccountId& account, MailboxId mailbox) {
  return prefix('F', account) + std::to_string(mailbox.value);
}

std::string format_email_id(const AccountId& account, Ordinal ordinal) {
  return prefix('M', account) + std::to_string(ordinal.value);
}

}  // namespace posthorn::server::imap
