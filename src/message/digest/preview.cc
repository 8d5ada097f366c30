#include "message/digest/preview.h"

#include <algorithm>
#include <array>
#include <utility>

#include "message/mime/part_decoder.h"
#include "text/ascii.h"
#include "text/utf8.h"

namespace posthorn::message {
namespace {

std::string decode(std::string_view bytes, std::string_view encoding, std::string_view charset) {
  std::string out;
  auto decoder = PartDecoder::text(encoding, charset);
  if (!decoder) return out;
  decoder->feed(bytes, out);  // No finish(): an incomplete rest is not wanted.
  return out;
}

// Converts it to one line of at most kPreviewCharacters.
std::string one_line(std::string_view text) {
  std::string out;
  std::size_t characters = 0;
  bool blank = false;
  while (!text.empty() && characters < kPreviewCharacters) {
    const char32_t c = text::next_code_point(text);
    const bool invisible = c < 0x20 || c == 0x7F || c == 0xA0 || (c >= 0x80 && c < 0xA0) ||
                           (c >= 0x200B && c <= 0x200F) || c == 0x2028 || c == 0x2029 ||
                           c == 0xFEFF || c == 0xAD || c == 0x34F || c == text::kBadCodePoint;
    if (c == ' ' || invisible) {
      blank = blank || c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == 0xA0;
      continue;
    }
    if (blank && !out.empty()) {
      if (++characters >= kPreviewCharacters) break;
      out.push_back(' ');
    }
    blank = false;
    text::append_utf8(out, c);
    ++characters;
  }
  return out;
}

std::string without_quotes(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    if (!text.starts_with('>')) out.append(text.substr(0, end));
    text.remove_prefix(end);
  }
  return out;
}

constexpr std::array<std::pair<std::string_view, std::string_view>, 12> kEntities = {{
    {"amp", "&"},
    {"lt", "<"},
    {"gt", ">"},
    {"quot", "\""},
    {"apos", "'"},
    {"nbsp", " "},
    {"copy", "\xC2\xA9"},
    {"ndash", "\xE2\x80\x93"},
    {"mdash", "\xE2\x80\x94"},
    {"hellip", "\xE2\x80\xA6"},
    {"euro", "\xE2\x82\xAC"},
    {"zwnj", ""},
}};

// `entity` is the text between "&" and ";". Returns false if it is not an entity.
bool append_entity(std::string& out, std::string_view entity) {
  for (const auto& [name, text] : kEntities) {
    if (entity == name) {
      out.append(text);
      return true;
    }
  }
  if (!entity.starts_with('#') || entity.size() < 2) return false;
  entity.remove_prefix(1);
  const bool hex = text::to_lower(entity.front()) == 'x';
  if (hex) entity.remove_prefix(1);
  char32_t c = 0;
  for (const char digit : entity) {
    const int v = text::hex_value(digit);
    if (v < 0 || (!hex && v > 9) || c > 0x10FFFF) return false;
    c = c * (hex ? 16 : 10) + static_cast<char32_t>(v);
  }
  if (c == 0 || c > 0x10FFFF || (c >= 0xD800 && c < 0xE000)) return false;
  text::append_utf8(out, c);
  return true;
}

std::size_t find_nocase(std::string_view s, std::string_view what, std::size_t from) {
  for (std::size_t at = from; (at = s.find('<', at)) != std::string_view::npos; ++at)
    if (text::istarts_with(s.substr(at), what)) return at;
  return s.size();
}

// Returns the index after the tag, comment, style or script that begins at `at`.
std::size_t tag_end(std::string_view html, std::size_t at) {
  const std::string_view rest = html.substr(at);
  if (rest.starts_with("<!--")) {
    const std::size_t end = html.find("-->", at + 4);
    return end == std::string_view::npos ? html.size() : end + 3;
  }
  for (const std::string_view name : {"style", "script", "title"}) {
    if (text::istarts_with(rest.substr(1), name)) {
      at = find_nocase(html,
                       name == "style"   ? "</style"
                       : name == "title" ? "</title"
                                         : "</script",
                       at + 1);
      break;
    }
  }
  const std::size_t end = html.find('>', std::min(at, html.size()));
  return end == std::string_view::npos ? html.size() : end + 1;
}

bool is_inline(std::string_view tag) {
  tag.remove_prefix(1);
  if (tag.starts_with('/')) tag.remove_prefix(1);
  std::size_t n = 0;
  while (n < tag.size() && (text::is_alpha(tag[n]) || text::is_digit(tag[n]))) ++n;
  for (const std::string_view name : {"b", "i", "u", "a", "em", "strong", "span", "font", "sup",
                                      "sub", "small", "big", "tt", "code", "wbr", "s"})
    if (text::iequals(tag.substr(0, n), name)) return true;
  return false;
}

}  // namespace

std::string strip_html(std::string_view html) {
  std::string out;
  std::size_t at = 0;
  while (at < html.size()) {
    const std::size_t stop = std::min(html.find_first_of("<&", at), html.size());
    out.append(html.substr(at, stop - at));
    at = stop;
    if (at == html.size()) break;
    if (html[at] == '<') {
      const std::size_t end = tag_end(html, at);
      if (!is_inline(html.substr(at, end - at))) out.push_back(' ');
      at = end;
      continue;
    }
    const std::string_view entity = html.substr(at + 1, 12);
    const std::size_t end = entity.find(';');
    if (end != std::string_view::npos && append_entity(out, entity.substr(0, end))) {
      at += end + 2;
    } else {
      out.push_back('&');
      ++at;
    }
  }
  return out;
}

std::string plain_preview(std::string_view bytes, std::string_view encoding,
                          std::string_view charset) {
  const std::string text = decode(bytes, encoding, charset);
  std::string own = one_line(without_quotes(text));
  return own.empty() ? one_line(text) : own;
}

std::string html_preview(std::string_view bytes, std::string_view encoding,
                         std::string_view charset) {
  return one_line(strip_html(decode(bytes, encoding, charset)));
}

}  // namespace posthorn::message
