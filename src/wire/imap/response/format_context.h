#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "wire/imap/command/commands_message.h"
#include "wire/imap/response/writer.h"

namespace posthorn::wire::imap {

/// Messages that are inserted into the result of a search, or removed from it, at one place (RFC
/// 5267 §4.3.2).
struct ContextChange {
  /// From 1; 0 if the result is in the order of the mailbox.
  std::uint32_t position = 0;
  std::vector<std::uint32_t> numbers;  ///< In the order of the result. Not empty.
};
/// What has changed in the result of a search that asked for updates (RFC 5267 §4.3). The client
/// carries out the changes one after the other, the removals first.
struct ContextUpdate {
  std::string_view tag;
  /// With UIDVALIDITY, if the command was ESEARCH (RFC 7377 §2.1); else empty.
  std::string_view mailbox = {};
  UidValidity uid_validity = {};
  Numbering numbering = Numbering::seqnum;
  std::span<const ContextChange> removed = {};
  std::span<const ContextChange> added = {};
};
/// Requires: something was removed or added.
void format_context_update(Writer& w, const ContextUpdate& update);

/// RFC 5255 §4.8. `matching` is sent if it has more than one element.
void format_comparator(Writer& w, std::string_view active,
                       std::span<const std::string_view> matching);

}  // namespace posthorn::wire::imap
