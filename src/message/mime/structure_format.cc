#include "message/mime/structure_format.h"

#include <fmt/format.h>

#include <iterator>

#include "text/ascii.h"
#include "text/rfc2047.h"
#include "text/utf8.h"

namespace posthorn::message {
namespace {

constexpr std::size_t kMaxQuoted = 1000;
constexpr std::size_t kMaxEscapes = 50;

/// Writes one of the two forms, and records whether the other one would differ.
class Formatter {
 public:
  Formatter(std::string& out, StringForm form) : out_(out), form_(form) {}

  void string(std::string_view value);
  void envelope(const Envelope& e);
  void body(const Part& part, BodyForm form);
  [[nodiscard]] bool has_utf8() const { return has_utf8_; }

 private:
  void number(std::uint64_t n);
  void nstring(const std::optional<std::string>& value);
  void nonempty(std::string_view value);
  void address(const Address& a);
  void addresses(const std::vector<Address>& list);
  void params(const std::vector<Param>& params);
  void disposition(const MimeFields& mime);
  void languages(const std::vector<std::string>& languages);
  void extension_tail(const MimeFields& mime);
  void multipart(const Part& part, BodyForm form);
  void basic_fields(const Part& part);
  void single(const Part& part, BodyForm form);

  std::string& out_;
  const StringForm form_;
  bool has_utf8_ = false;
};

void Formatter::number(std::uint64_t n) { fmt::format_to(std::back_inserter(out_), "{}", n); }

void Formatter::nstring(const std::optional<std::string>& value) {
  if (value) {
    string(*value);
  } else {
    out_.append("NIL");
  }
}

// For fields in which an empty value means absence.
void Formatter::nonempty(std::string_view value) {
  if (value.empty()) {
    out_.append("NIL");
  } else {
    string(value);
  }
}

void Formatter::address(const Address& a) {
  switch (a.kind) {
    case Address::Kind::group_end: out_.append("(NIL NIL NIL NIL)"); return;
    case Address::Kind::group_start:
      out_.append("(NIL NIL ");
      string(a.mailbox);
      out_.append(" NIL)");
      return;
    case Address::Kind::mailbox: break;
  }
  out_.push_back('(');
  nonempty(a.name);
  out_.push_back(' ');
  nonempty(a.route);
  out_.push_back(' ');
  // Never NIL, which would denote a group.
  string(a.mailbox);
  out_.push_back(' ');
  string(a.host);
  out_.push_back(')');
}

void Formatter::addresses(const std::vector<Address>& list) {
  if (list.empty()) {
    out_.append("NIL ");
    return;
  }
  out_.push_back('(');
  for (const Address& a : list) address(a);
  out_.append(") ");
}

void Formatter::params(const std::vector<Param>& params) {
  if (params.empty()) {
    out_.append("NIL");
    return;
  }
  char separator = '(';
  for (const Param& p : params) {
    out_.push_back(separator);
    string(p.name);
    out_.push_back(' ');
    string(p.value);
    separator = ' ';
  }
  out_.push_back(')');
}

void Formatter::disposition(const MimeFields& mime) {
  if (!mime.disposition) {
    out_.append("NIL");
    return;
  }
  out_.push_back('(');
  string(*mime.disposition);
  out_.push_back(' ');
  params(mime.disposition_params);
  out_.push_back(')');
}

void Formatter::languages(const std::vector<std::string>& languages) {
  if (languages.size() < 2) return nonempty(languages.empty() ? "" : languages[0]);
  char separator = '(';
  for (const std::string& tag : languages) {
    out_.push_back(separator);
    string(tag);
    separator = ' ';
  }
  out_.push_back(')');
}

// SP body-fld-dsp SP body-fld-lang SP body-fld-loc
void Formatter::extension_tail(const MimeFields& mime) {
  out_.push_back(' ');
  disposition(mime);
  out_.push_back(' ');
  languages(mime.languages);
  out_.push_back(' ');
  nstring(mime.location);
}

void Formatter::multipart(const Part& part, BodyForm form) {
  out_.push_back('(');
  for (const Part& child : part.children) body(child, form);
  out_.push_back(' ');
  string(part.mime.subtype);
  if (form == BodyForm::extended) {
    out_.push_back(' ');
    params(part.mime.params);
    extension_tail(part.mime);
  }
  out_.push_back(')');
}

// media SP body-fields
void Formatter::basic_fields(const Part& part) {
  const MimeFields& mime = part.mime;
  out_.push_back('(');
  string(mime.type);
  out_.push_back(' ');
  string(mime.subtype);
  out_.push_back(' ');
  params(mime.params);
  out_.push_back(' ');
  nstring(mime.id);
  out_.push_back(' ');
  nstring(mime.description);
  out_.push_back(' ');
  string(mime.encoding);
  out_.push_back(' ');
  number(part.size());
}

void Formatter::single(const Part& part, BodyForm form) {
  basic_fields(part);
  if (part.envelope && !part.children.empty()) {
    out_.push_back(' ');
    envelope(*part.envelope);
    out_.push_back(' ');
    body(part.children.front(), form);
  }
  if (part.mime.is_text() || part.mime.is_message()) {
    out_.push_back(' ');
    number(part.lines);
  }
  if (form == BodyForm::extended) {
    out_.push_back(' ');
    nstring(part.mime.md5);
    extension_tail(part.mime);
  }
  out_.push_back(')');
}

void Formatter::envelope(const Envelope& e) {
  out_.push_back('(');
  nstring(e.date);
  out_.push_back(' ');
  nstring(e.subject);
  out_.push_back(' ');
  addresses(e.from);
  addresses(e.sender.empty() ? e.from : e.sender);
  addresses(e.reply_to.empty() ? e.from : e.reply_to);
  addresses(e.to);
  addresses(e.cc);
  addresses(e.bcc);
  nstring(e.in_reply_to);
  out_.push_back(' ');
  nstring(e.message_id);
  out_.push_back(')');
}

void Formatter::body(const Part& part, BodyForm form) {
  if (part.mime.is_multipart()) return multipart(part, form);
  single(part, form);
}

void Formatter::string(std::string_view value) {
  std::string changed;
  if (!text::is_ascii(value)) {
    // Text that is not valid UTF-8 is the same in both forms.
    const bool is_utf8 = text::is_valid_utf8(value);
    has_utf8_ |= is_utf8;
    if (!is_utf8 || form_ == StringForm::ascii) value = changed = text::ascii_words(value);
  }
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
    fmt::format_to(std::back_inserter(out_), "{{{}}}\r\n", value.size());
    out_.append(value);
    return;
  }
  out_.push_back('"');
  if (escapes == 0) {
    out_.append(value);
  } else {
    for (const char c : value) {
      if (c == '"' || c == '\\') out_.push_back('\\');
      out_.push_back(c);
    }
  }
  out_.push_back('"');
}

}  // namespace

void format_string(std::string& out, std::string_view value) {
  Formatter(out, StringForm::ascii).string(value);
}

bool format_envelope(std::string& out, const Envelope& envelope, StringForm form) {
  Formatter formatter(out, form);
  formatter.envelope(envelope);
  return formatter.has_utf8();
}

bool format_body(std::string& out, const Part& part, BodyForm body, StringForm form) {
  Formatter formatter(out, form);
  formatter.body(part, body);
  return formatter.has_utf8();
}

}  // namespace posthorn::message
