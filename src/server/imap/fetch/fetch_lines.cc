#include "server/imap/fetch/fetch_lines.h"

namespace posthorn::server::imap {
namespace {

using Kind = wire::imap::FetchItem::Kind;

/// Returns an empty name for an item that this class does not support.
std::string_view name_of(Kind kind) {
  switch (kind) {
    case Kind::uid: return " UID ";
    case Kind::flags: return " FLAGS ";
    case Kind::rfc822_size: return " RFC822.SIZE ";
    case Kind::modseq: return " MODSEQ (";
    default: return {};
  }
}

}  // namespace

bool FetchLines::can_write(std::span<const wire::imap::FetchItem> items) {
  return std::ranges::all_of(items, [&](const wire::imap::FetchItem& item) {
    return !name_of(item.kind).empty() &&
           std::ranges::count(items, item.kind, &wire::imap::FetchItem::kind) == 1;
  });
}

FetchLines::FetchLines(std::span<const wire::imap::FetchItem> items, wire::imap::Numbering begins,
                       RowWriter& flags, std::string& out)
    : begins_(begins), flags_(flags), out_(out) {
  for (const wire::imap::FetchItem& item : items) {
    std::string_view name = name_of(item.kind);
    if (items_.empty()) name.remove_prefix(1);
    items_.push_back({item.kind, name});
  }
}

}  // namespace posthorn::server::imap
