#include "wire/imap/response/format_fetch.h"

namespace posthorn::wire::imap {

void format_section(Writer& w, const Section& section) {
  using Text = Section::Text;
  bool first = true;
  for (const std::uint32_t n : section.part) {
    if (!first) w.raw('.');
    first = false;
    w.number(n);
  }
  if (!section.part.empty() && section.text != Text::whole) w.raw('.');
  switch (section.text) {
    case Text::whole: break;
    case Text::header: w.raw("HEADER"); break;
    case Text::header_fields: w.raw("HEADER.FIELDS"); break;
    case Text::header_fields_not: w.raw("HEADER.FIELDS.NOT"); break;
    case Text::text: w.raw("TEXT"); break;
    case Text::mime: w.raw("MIME"); break;
  }
  if (section.fields.empty()) return;
  std::string_view gap = " (";
  for (const std::string& field : section.fields) {
    w.raw(gap).astring(field);
    gap = " ";
  }
  w.raw(')');
}

void FetchWriter::begin(Seqnum seqnum) {
  w_.raw("* ").number(seqnum.value).raw(" FETCH (");
  first_ = true;
}

void FetchWriter::begin(Uid uid) {
  w_.raw("* ").number(uid.value).raw(" UIDFETCH (");
  first_ = true;
}

void FetchWriter::save_date(std::optional<Timestamp> t) {
  name("SAVEDATE ");
  if (t)
    w_.date_time(*t);
  else
    w_.raw("NIL");
}

void FetchWriter::item_name(const FetchItem& item) {
  using Kind = FetchItem::Kind;
  switch (item.kind) {
    case Kind::rfc822: name("RFC822"); return;
    case Kind::rfc822_header: name("RFC822.HEADER"); return;
    case Kind::rfc822_text: name("RFC822.TEXT"); return;
    case Kind::binary: name("BINARY["); break;
    case Kind::binary_size: name("BINARY.SIZE["); break;
    default: name("BODY["); break;
  }
  format_section(w_, item.section);
  w_.raw(']');
  // RFC 9051 §7.5.2: only the origin is repeated.
  if (item.partial) w_.raw('<').number(item.partial->offset).raw('>');
}

void FetchWriter::literal(const FetchItem& item, std::uint64_t octets) {
  item_name(item);
  w_.sp();
  // RFC 3516 §4.3: decoded content may contain NUL.
  if (item.kind == FetchItem::Kind::binary)
    w_.literal8_header(octets);
  else
    w_.literal_header(octets);
}

void FetchWriter::content(const FetchItem& item, std::optional<std::string_view> value) {
  item_name(item);
  w_.sp().nstring(value);
}

void FetchWriter::binary_size(const FetchItem& item, std::uint64_t octets) {
  item_name(item);
  w_.sp().number(octets);
}

}  // namespace posthorn::wire::imap
