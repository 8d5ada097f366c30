#include "message/header/header.h"
#include "message/header/lexer.h"
#include "message/mime/part.h"
#include "text/ascii.h"
#include "text/rfc2047.h"

namespace posthorn::message {
namespace {

// RFC 2045 §5.1.
constexpr std::string_view kTspecials = "()<>@,;:\\\"/[]?=";
constexpr std::size_t kMaxParams = 100;
constexpr std::size_t kMaxLanguages = 50;

bool is_token(std::string_view s) {
  if (s.empty()) return false;
  for (const char c : s)
    if (c <= ' ' || c >= 127) return false;
  return true;
}

// Parses one value: a quoted-string, or the text that mailers write instead of a token. White space
// and special characters in unquoted values are common ("name=My file (1).txt"), so such a value
// ends only at ";".
std::string read_value(Lexer& lex) {
  std::string value;
  lex.skip_cfws();
  if (lex.take('"')) {
    lex.quoted_string(value);
    return value;
  }
  value = lex.run(";(");
  const std::string_view more = lex.until(";");
  if (!text::trim(more).empty() && text::trim(more).front() != '(') value.append(more);
  return std::string(text::trim(value));
}

// *(";" attribute "=" value)
std::vector<Param> read_params(Lexer& lex) {
  std::vector<Param> params;
  while (!lex.at_end() && params.size() < kMaxParams) {
    lex.until(";");
    if (!lex.take(';')) break;
    lex.skip_cfws();
    const std::string_view name = lex.run("=;\"(");
    lex.skip_cfws();
    if (name.empty() || !lex.take('=')) continue;
    params.push_back({std::string(name), read_value(lex)});
  }
  return text::join_params(std::move(params));
}

// Returns false if the field violates its grammar; `mime` is then unchanged.
bool read_content_type(std::string_view raw, MimeFields& mime) {
  const std::string line = text::unfold(raw);
  Lexer lex(line);
  lex.skip_cfws();
  const std::string_view type = lex.run(kTspecials);
  lex.skip_cfws();
  if (!is_token(type) || !lex.take('/')) return false;
  lex.skip_cfws();
  const std::string_view subtype = lex.run(kTspecials);
  if (!is_token(subtype)) return false;
  mime.type = type;
  mime.subtype = subtype;
  mime.params = read_params(lex);
  return true;
}

void read_disposition(std::string_view raw, MimeFields& mime) {
  const std::string line = text::unfold(raw);
  Lexer lex(line);
  lex.skip_cfws();
  const std::string_view type = lex.run(kTspecials);
  if (type.empty()) return;
  mime.disposition = type;
  mime.disposition_params = read_params(lex);
}

// RFC 3282: 1#language-tag.
void read_languages(std::string_view raw, MimeFields& mime) {
  const std::string line = text::unfold(raw);
  Lexer lex(line);
  while (!lex.at_end() && mime.languages.size() < kMaxLanguages) {
    lex.skip_cfws();
    const std::string_view tag = lex.run(",(");
    if (!tag.empty()) mime.languages.emplace_back(tag);
    lex.skip_cfws();
    if (!lex.take(',') && tag.empty()) return;
  }
}

void read_encoding(std::string_view raw, MimeFields& mime) {
  const std::string line = text::unfold(raw);
  Lexer lex(line);
  lex.skip_cfws();
  const std::string_view token = lex.run(";(,\"");
  if (!token.empty()) mime.encoding = token;
}

void set_first(std::optional<std::string>& to, std::string_view raw) {
  if (!to) to = text::unfold(raw);
}

void take_field(MimeFields& mime, const HeaderField& field, bool& typed, bool& encoded) {
  const std::string_view name = field.name.substr(8);  // After "Content-".
  if (text::iequals(name, "type")) {
    if (!typed) typed = read_content_type(field.value, mime);
  } else if (text::iequals(name, "transfer-encoding")) {
    if (!encoded) read_encoding(field.value, mime);
    encoded = true;
  } else if (text::iequals(name, "id")) {
    set_first(mime.id, field.value);
  } else if (text::iequals(name, "description")) {
    set_first(mime.description, field.value);
  } else if (text::iequals(name, "md5")) {
    set_first(mime.md5, field.value);
  } else if (text::iequals(name, "location")) {
    set_first(mime.location, field.value);
  } else if (text::iequals(name, "disposition")) {
    if (!mime.disposition) read_disposition(field.value, mime);
  } else if (text::iequals(name, "language")) {
    if (mime.languages.empty()) read_languages(field.value, mime);
  }
}

}  // namespace

bool MimeFields::is_multipart() const { return text::iequals(type, "multipart"); }
bool MimeFields::is_text() const { return text::iequals(type, "text"); }
bool MimeFields::is_message() const {
  return text::iequals(type, "message") &&
         (text::iequals(subtype, "rfc822") || text::iequals(subtype, "global"));
}

std::string_view MimeFields::charset() const {
  const std::string* found = text::find_param(params, "charset");
  return found != nullptr && !found->empty() ? std::string_view(*found)
                                             : std::string_view("us-ascii");
}

Param default_charset() { return {"charset", "us-ascii"}; }

MimeFields parse_mime_fields(std::string_view block, DefaultType fallback) {
  MimeFields mime;
  bool typed = false;
  bool encoded = false;
  HeaderIterator fields(block);
  for (HeaderField field; fields.next(field);)
    if (text::istarts_with(field.name, "content-")) take_field(mime, field, typed, encoded);
  if (!typed && fallback == DefaultType::message_rfc822) {
    mime.type = "MESSAGE";
    mime.subtype = "RFC822";
  }
  // RFC 2046 §4.1.2: text without a charset is us-ascii, and clients are told so. A charset in the
  // extended form of RFC 2231 counts.
  if (mime.is_text() && text::find_param(mime.params, "charset") == nullptr &&
      text::find_param(mime.params, "charset*") == nullptr)
    mime.params.push_back(default_charset());
  return mime;
}

}  // namespace posthorn::message
