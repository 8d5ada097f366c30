#include "message/mime/structure_format.h"

#include <fmt/format.h>

#include <iterator>

#include "text/ascii.h"
#include "text/rfc2047.h"

namespace posthorn::message {
namespace {

constexpr std::size_t kMaxQuoted = 1000;
constexpr std::size_t kMaxEscapes = 50;

void format_number(std::string& out, std::uint64_t n) {
  fmt::format_to(std::back_inserter(out), "{}", n);
}

void format_nstring(std::string& out, const std::optional<std::string>& value) {
  if (value) {
    format_string(out, *value);
  } else {
    out.append("NIL");
  }
}

// For fields where empty means absent.
void format_nonempty(std::string& out, std::string_view value) {
  if (value.empty()) {
    out.append("NIL");
  } else {
    format_string(out, value);
  }
}

void format_address(std::string& out, const Address& a) {
  switch (a.kind) {
    case Address::Kind::group_end: out.append("(NIL NIL NIL NIL)"); return;
    case Address::Kind::group_start:
      out.append("(NIL NIL ");
      format_string(out, a.mailbox);
      out.append(" NIL)");
      return;
    case Address::Kind::mailbox: break;
  }
  out.push_back('(');
  format_nonempty(out, a.name);
  out.push_back(' ');
  format_nonempty(out, a.route);
  out.push_back(' ');
  // Never NIL here: that would make it a group.
  format_string(out, a.mailbox);
  out.push_back(' ');
  format_string(out, a.host);
  out.push_back(')');
}

void format_addresses(std::string& out, const std::vector<Address>& list) {
  if (list.empty()) {
    out.append("NIL ");
    return;
  }
  out.push_back('(');
  for (const Address& a : list) format_address(out, a);
  out.append(") ");
}

void format_params(std::string& out, const std::vector<Param>& params) {
  if (params.empty()) {
    out.append("NIL");
    return;
  }
  char separator = '(';
  for (const Param& p : params) {
    out.push_back(separator);
    format_string(out, p.name);
    out.push_back(' ');
    format_string(out, p.value);
    separator = ' ';
  }
  out.push_back(')');
}

void format_disposition(std::string& out, const MimeFields& mime) {
  if (!mime.disposition) {
    out.append("NIL");
    return;
  }
  out.push_back('(');
  format_string(out, *mime.disposition);
  out.push_back(' ');
  format_params(out, mime.disposition_params);
  out.push_back(')');
}

void format_languages(std::string& out, const std::vector<std::string>& languages) {
  if (languages.size() < 2) return format_nonempty(out, languages.empty() ? "" : languages[0]);
  char separator = '(';
  for (const std::string& tag : languages) {
    out.push_back(separator);
    format_string(out, tag);
    separator = ' ';
  }
  out.push_back(')');
}

// SP body-fld-dsp SP body-fld-lang SP body-fld-loc
void format_extension_tail(std::string& out, const MimeFields& mime) {
  out.push_back(' ');
  format_disposition(out, mime);
  out.push_back(' ');
  format_languages(out, mime.languages);
  out.push_back(' ');
  format_nstring(out, mime.location);
}

void format_multipart(std::string& out, const Part& part, BodyForm form) {
  out.push_back('(');
  for (const Part& child : part.children) format_body(out, child, form);
  out.push_back(' ');
  format_string(out, part.mime.subtype);
  if (form == BodyForm::extended) {
    out.push_back(' ');
    format_params(out, part.mime.params);
    format_extension_tail(out, part.mime);
  }
  out.push_back(')');
}

// media SP body-fields
void format_basic_fields(std::string& out, const Part& part) {
  const MimeFields& mime = part.mime;
  out.push_back('(');
  format_string(out, mime.type);
  out.push_back(' ');
  format_string(out, mime.subtype);
  out.push_back(' ');
  format_params(out, mime.params);
  out.push_back(' ');
  format_nstring(out, mime.id);
  out.push_back(' ');
  format_nstring(out, mime.description);
  out.push_back(' ');
  format_string(out, mime.encoding);
  out.push_back(' ');
  format_number(out, part.size());
}

void format_single(std::string& out, const Part& part, BodyForm form) {
  format_basic_fields(out, part);
  if (part.envelope && !part.children.empty()) {
    out.push_back(' ');
    format_envelope(out, *part.envelope);
    out.push_back(' ');
    format_body(out, part.children.front(), form);
  }
  if (part.mime.is_text() || part.mime.is_message()) {
    out.push_back(' ');
    format_number(out, part.lines);
  }
  if (form == BodyForm::extended) {
    out.push_back(' ');
    format_nstring(out, part.mime.md5);
    format_extension_tail(out, part.mime);
  }
  out.push_back(')');
}

}  // namespace

void format_string(std::string& out, std::string_view value) {
  std::string changed;
  if (!text::is_ascii(value)) value = changed = text::ascii_words(value);
  if (value.find('\0') != std::string_view::npos) {
    changed = std::string(value);
    std::erase(changed, '\0');
    value = changed;
  }
  std::size_t escapes = 0;
  bool must_be_literal = value.size() > kMaxQuoted;
  for (const char c : value) {
    escapes += c == '"' || c == '\\' ? 1 : 0;
    must_be_literal |= c == '\r' || c == '\n';
  }
  if (must_be_literal || escapes > kMaxEscapes) {
    fmt::format_to(std::back_inserter(out), "{{{}}}\r\n", value.size());
    out.append(value);
    return;
  }
  out.push_back('"');
  if (escapes == 0) {
    out.append(value);
  } else {
    for (const char c : value) {
      if (c == '"' || c == '\\') out.push_back('\\');
      out.push_back(c);
    }
  }
  out.push_back('"');
}

void format_envelope(std::string& out, const Envelope& e) {
  out.push_back('(');
  format_nstring(out, e.date);
  out.push_back(' ');
  format_nstring(out, e.subject);
  out.push_back(' ');
  format_addresses(out, e.from);
  format_addresses(out, e.sender.empty() ? e.from : e.sender);
  format_addresses(out, e.reply_to.empty() ? e.from : e.reply_to);
  format_addresses(out, e.to);
  format_addresses(out, e.cc);
  format_addresses(out, e.bcc);
  format_nstring(out, e.in_reply_to);
  out.push_back(' ');
  format_nstring(out, e.message_id);
  out.push_back(')');
}

void format_body(std::string& out, const Part& part, BodyForm form) {
  if (part.mime.is_multipart()) return format_multipart(out, part, form);
  format_single(out, part, form);
}

}  // namespace posthorn::message
