#include "wire/imap/chars.h"
#include "wire/imap/command/rules.h"

namespace posthorn::wire::imap::grammar {

namespace {

using Kind = FetchItem::Kind;

struct SimpleItem {
  std::string_view name;
  Kind kind;
  bool peek;
};
constexpr SimpleItem kSimpleItems[] = {
    {"UID", Kind::uid, true},
    {"FLAGS", Kind::flags, true},
    {"INTERNALDATE", Kind::internal_date, true},
    {"RFC822.SIZE", Kind::rfc822_size, true},
    {"ENVELOPE", Kind::envelope, true},
    {"BODYSTRUCTURE", Kind::body_structure, true},
    {"BODY", Kind::body, true},
    {"MODSEQ", Kind::modseq, true},
    {"RFC822", Kind::rfc822, false},
    {"RFC822.HEADER", Kind::rfc822_header, true},
    {"RFC822.TEXT", Kind::rfc822_text, false},
    {"SAVEDATE", Kind::save_date, true},
    {"PREVIEW", Kind::preview, true},
    {"EMAILID", Kind::email_id, true},
    {"THREADID", Kind::thread_id, true},
};

// Items with a section. Their names end at '['.
constexpr SimpleItem kSectionItems[] = {
    {"BODY", Kind::body_section, false},      {"BODY.PEEK", Kind::body_section, true},
    {"BINARY", Kind::binary, false},          {"BINARY.PEEK", Kind::binary, true},
    {"BINARY.SIZE", Kind::binary_size, true},
};

constexpr auto kItemNameChars = lex::CharSet::of([](char c) {
  return text::is_digit(c) || (text::to_upper(c) >= 'A' && text::to_upper(c) <= 'Z') || c == '.';
});

// nz-number *("." nz-number); stops before a "." that is not followed by a number.
bool section_part(Input& in, std::vector<std::uint32_t>& out) {
  constexpr std::size_t kDeepest = 1000;
  for (;;) {
    if (out.size() == kDeepest)
      return in.refuse(ErrorKind::limit, "the section is nested too deeply");
    if (!nz_number(in, out.emplace_back())) return false;
    const std::string_view rest = in.rest();
    if (rest.size() < 2 || rest[0] != '.' || !text::is_digit(rest[1])) return true;
    in.take('.');
  }
}

bool header_list(Input& in, std::vector<std::string>& out) {
  return nonempty_list_of(in, [&] { return astring(in, out.emplace_back()); });
}

// section-text and section-msgtext.
bool section_text(Input& in, Section& out) {
  using Text = Section::Text;
  const std::size_t mark = in.mark();
  const std::string_view name = in.take_run(kItemNameChars);
  if (text::iequals(name, "HEADER"))
    out.text = Text::header;
  else if (text::iequals(name, "TEXT"))
    out.text = Text::text;
  else if (text::iequals(name, "MIME") && !out.part.empty())
    out.text = Text::mime;
  else if (text::iequals(name, "HEADER.FIELDS"))
    out.text = Text::header_fields;
  else if (text::iequals(name, "HEADER.FIELDS.NOT"))
    out.text = Text::header_fields_not;
  if (out.text == Text::whole) {
    in.back_to(mark);
    return in.expected("a part of a message");
  }
  if (out.text != Text::header_fields && out.text != Text::header_fields_not) return true;
  return in.sp() && header_list(in, out.fields);
}

// "<" number64 "." nz-number64 ">"
bool partial(Input& in, std::optional<Partial>& out) {
  if (!in.take('<')) return true;
  Partial& p = out.emplace();
  if (!number64(in, p.offset)) return false;
  if (!in.take('.')) return in.expected("\".\"");
  if (!nz_number64(in, p.count)) return false;
  return in.take('>') || in.expected("\">\"");
}

// "[" [section-part] "]"
bool section_binary(Input& in, Section& out) {
  if (!in.take('[')) return in.expected("\"[\"");
  if (in.peek() != ']' && !section_part(in, out.part)) return false;
  return in.take(']') || in.expected("\"]\"");
}

bool section_item(Input& in, std::string_view name, FetchItem& out) {
  for (const SimpleItem& item : kSectionItems) {
    if (!text::iequals(name, item.name)) continue;
    out.kind = item.kind;
    out.peek = item.peek;
    if (item.kind == Kind::body_section)
      return section(in, out.section) && partial(in, out.partial);
    if (!section_binary(in, out.section)) return false;
    return item.kind == Kind::binary_size || partial(in, out.partial);
  }
  return in.expected("no section after this item");
}

// RFC 8970 §6: [SP "(" preview-mod *(SP preview-mod) ")"]
bool preview_modifiers(Input& in, FetchItem& out) {
  const std::size_t mark = in.mark();
  in.skip_spaces();
  if (in.mark() == mark || in.peek() != '(') {
    in.back_to(mark);  // The spaces belong to what follows the item.
    return true;
  }
  return nonempty_list_of(in, [&] {
    if (!in.take("LAZY")) return in.expected("LAZY");
    return out.lazy = true;
  });
}

bool fetch_att(Input& in, FetchItem& out) {
  const std::size_t mark = in.mark();
  const std::string_view name = in.take_run(kItemNameChars);
  if (in.peek() == '[') return section_item(in, name, out);
  for (const SimpleItem& item : kSimpleItems) {
    if (!text::iequals(name, item.name)) continue;
    out.kind = item.kind;
    out.peek = item.peek;
    return item.kind != Kind::preview || preview_modifiers(in, out);
  }
  in.back_to(mark);
  return in.expected("a FETCH item");
}

bool same_item(const FetchItem& a, const FetchItem& b) {
  return a.kind == b.kind && a.section == b.section && a.partial == b.partial;
}

// Removes duplicates, since a response must not contain an item twice. A request that sets \Seen
// takes precedence.
void add_item(std::vector<FetchItem>& items, FetchItem&& item) {
  for (FetchItem& have : items) {
    if (!same_item(have, item)) continue;
    have.peek = have.peek && item.peek;
    have.lazy = have.lazy && item.lazy;
    return;
  }
  items.push_back(std::move(item));
}

// RFC 9051 §6.4.5: a macro must be the only item.
bool macro(Input& in, std::vector<FetchItem>& out) {
  const std::size_t mark = in.mark();
  const std::string_view name = in.take_run(kItemNameChars);
  const bool all = text::iequals(name, "ALL");
  const bool full = text::iequals(name, "FULL");
  if (!all && !full && !text::iequals(name, "FAST")) {
    in.back_to(mark);
    return false;
  }
  for (const Kind kind : {Kind::flags, Kind::internal_date, Kind::rfc822_size})
    out.push_back({.kind = kind});
  if (all || full) out.push_back({.kind = Kind::envelope});
  if (full) out.push_back({.kind = Kind::body});
  return true;
}

bool one_item(Input& in, std::vector<FetchItem>& out) {
  FetchItem next;
  if (!fetch_att(in, next) || !in.within_list(out.size())) return false;
  add_item(out, std::move(next));
  return true;
}

bool fetch_items(Input& in, std::vector<FetchItem>& out) {
  if (in.peek() == '(') return fetch_att_list(in, out);
  return macro(in, out) || one_item(in, out);
}

bool fetch_modifier(Input& in, FetchCommand& out) {
  if (in.take("CHANGEDSINCE"))
    return in.sp() && mod_sequence_valzer(in, out.changed_since.emplace());
  if (in.take("VANISHED")) return out.vanished = true;
  if (in.take("PARTIAL")) return in.sp() && partial_range(in, out.partial.emplace());
  return in.expected("CHANGEDSINCE, VANISHED or PARTIAL");
}

bool check_modifiers(Input& in, const FetchCommand& out) {
  // RFC 7162 §3.2.6: BAD without UID or without CHANGEDSINCE.
  if (out.vanished && (out.numbering == Numbering::seqnum || !out.changed_since))
    return in.refuse(ErrorKind::bad_argument, "VANISHED requires UID FETCH and CHANGEDSINCE");
  if (out.partial && out.numbering == Numbering::seqnum)
    return in.refuse(ErrorKind::bad_argument, "PARTIAL requires UID FETCH");
  return true;
}

}  // namespace

bool fetch_att_list(Input& in, std::vector<FetchItem>& out) {
  return nonempty_list_of(in, [&] { return one_item(in, out); });
}

bool section(Input& in, Section& out) {
  if (!in.take('[')) return in.expected("\"[\"");
  if (in.take(']')) return true;
  if (text::is_digit(in.peek())) {
    if (!section_part(in, out.part)) return false;
    if (in.take('.') && !section_text(in, out)) return false;
  } else if (!section_text(in, out)) {
    return false;
  }
  return in.take(']') || in.expected("\"]\"");
}

bool arguments(Input& in, FetchCommand& out) {
  if (!in.sp() || !sequence_set(in, out.set) || !in.sp() || !fetch_items(in, out.items))
    return false;
  if (!in.another()) return true;
  return nonempty_list_of(in, [&] { return fetch_modifier(in, out); }) && check_modifiers(in, out);
}

}  // namespace posthorn::wire::imap::grammar
