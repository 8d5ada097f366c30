#include "server/imap/object_id.h"

#include <charconv>

namespace posthorn::server::imap {
namespace {

/// Enough of the account's random bits to distinguish accounts.
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

std::optional<Ordinal> parse_email_id(const AccountId& account, std::string_view id) {
  const std::string before = prefix('M', account);
  if (!id.starts_with(before)) return std::nullopt;
  Ordinal ordinal;
  const char* const end = id.data() + id.size();
  const auto read = std::from_chars(id.data() + before.size(), end, ordinal.value);
  // Only the canonical spelling is an id: "01" is not.
  if (read.ec != std::errc() || read.ptr != end || format_email_id(account, ordinal) != id)
    return std::nullopt;
  return ordinal;
}

}  // namespace posthorn::server::imap
