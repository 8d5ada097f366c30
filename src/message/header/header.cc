#include "message/header/header.h"

#include <algorithm>
#include <cstring>

#include "text/ascii.h"
#include "text/rfc2047.h"

namespace posthorn::message {
namespace {

// The length of the first line, including its line end.
std::size_t line_length(std::string_view s, std::size_t from) {
  const std::size_t end = s.find('\n', from);
  return end == std::string_view::npos ? s.size() : end + 1;
}

bool is_blank(std::string_view s) { return s.starts_with('\n') || s.starts_with("\r\n"); }

std::string_view without_line_end(std::string_view s) {
  if (s.ends_with('\n')) s.remove_suffix(1);
  if (s.ends_with('\r')) s.remove_suffix(1);
  return s;
}

// A field name is printable ASCII without a colon (RFC 5322 §3.6.8). White space before the colon
// is obsolete syntax (RFC 5322 §4.5).
std::string_view name_of(std::string_view line, std::size_t colon) {
  std::string_view name = line.substr(0, colon);
  while (!name.empty() && text::is_wsp(name.back())) name.remove_suffix(1);
  for (const char c : name)
    if (c <= ' ' || c == 127) return {};
  return name;
}

}  // namespace

bool HeaderIterator::next(HeaderField& field) {
  if (rest_.empty() || is_blank(rest_)) return false;
  const std::size_t first = line_length(rest_, 0);
  std::size_t end = first;
  while (end < rest_.size() && text::is_wsp(rest_[end])) end = line_length(rest_, end);
  field.whole = rest_.substr(0, end);
  rest_.remove_prefix(end);
  const std::size_t colon = field.whole.substr(0, first).find(':');
  field.name = colon == std::string_view::npos ? std::string_view() : name_of(field.whole, colon);
  field.value = without_line_end(field.whole);
  if (!field.name.empty()) field.value.remove_prefix(std::min(colon + 1, field.value.size()));
  return true;
}

std::optional<std::string_view> find_header(std::string_view block, std::string_view name) {
  HeaderIterator fields(block);
  for (HeaderField field; fields.next(field);)
    if (text::iequals(field.name, name)) return field.value;
  return std::nullopt;
}

std::string decode_header_value(std::string_view raw) { return text::decode_words(raw); }

void append_filtered_header(std::string& out, std::string_view block,
                            std::span<const std::string> names, HeaderFilter filter) {
  HeaderIterator fields(block);
  for (HeaderField field; fields.next(field);) {
    const bool named =
        !field.name.empty() && std::ranges::any_of(names, [&field](const std::string& name) {
          return text::iequals(name, field.name);
        });
    if (named == (filter == HeaderFilter::fields)) out.append(field.whole);
  }
  const std::string_view blank = fields.blank_line();
  out.append(blank.substr(0, blank.starts_with('\r') ? 2 : 1));
}

std::string filter_header(std::string_view block, std::span<const std::string> names,
                          HeaderFilter filter) {
  std::string out;
  append_filtered_header(out, block, names, filter);
  return out;
}

}  // namespace posthorn::message
