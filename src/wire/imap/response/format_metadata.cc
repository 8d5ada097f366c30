#include "wire/imap/response/format_metadata.h"

namespace posthorn::wire::imap {

void format_metadata(Writer& w, std::string_view mailbox, std::span<const MetadataItem> items) {
  w.raw("* METADATA ").mailbox(mailbox);
  std::string_view gap = " (";
  for (const auto& [entry, value] : items) {
    w.raw(gap).astring(entry).sp();
    gap = " ";
    if (value && value->find('\0') != std::string_view::npos) {
      w.literal8_header(value->size()).raw(*value);
    } else {
      w.nstring(value);
    }
  }
  w.raw(")\r\n");
}

void format_metadata_changed(Writer& w, std::string_view mailbox,
                             std::span<const std::string_view> entries) {
  w.raw("* METADATA ").mailbox(mailbox);
  for (const std::string_view entry : entries) w.sp().astring(entry);
  w.crlf();
}

}  // namespace posthorn::wire::imap
