#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "wire/imap/response/writer.h"

namespace posthorn::wire::imap {

/// An entry and its value; none is NIL. A value may have any octets.
struct MetadataItem {
  std::string_view entry;
  std::optional<std::string_view> value;
};
/// RFC 5464 §4.4.1. An empty mailbox name stands for the server. Requires: not empty.
void format_metadata(Writer& w, std::string_view mailbox, std::span<const MetadataItem> items);
/// RFC 5464 §4.4.2: the entries that somebody has changed. Requires: not empty.
void format_metadata_changed(Writer& w, std::string_view mailbox,
                             std::span<const std::string_view> entries);

}  // namespace posthorn::wire::imap
