#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/result.h"
#include "wire/imap/command/commands_message.h"

namespace posthorn::wire::imap {

/// A message, or a part of one, on this server: `/INBOX;UIDVALIDITY=7/;UID=20/;SECTION=1.2`.
struct MessageUrl {
  std::string mailbox;  ///< In UTF-8, with "INBOX" in upper case.
  std::optional<UidValidity> uid_validity;
  Uid uid;
  Section section;
  std::uint64_t offset = 0;             ///< Of the octets of the section (`;PARTIAL=`).
  std::optional<std::uint64_t> length;  ///< To the end if absent.
};

/// Parses a URL of RFC 5092 §11 that is relative to the server: an `imessagepart` that begins with
/// a single slash. RFC 5092 §7.2 forbids those that begin without one, and URLs of other servers
/// are not for us. Errors: bad_argument.
Result<MessageUrl> parse_message_url(std::string_view url);

}  // namespace posthorn::wire::imap
