#include "text/mutf7.h"

#include <cstdint>

#include "text/base64.h"
#include "text/utf8.h"

namespace posthorn::text {
namespace {

bool is_direct(char32_t c) { return c >= 0x20 && c <= 0x7E; }

void append_utf16(std::string& out, char32_t c) {
  const auto unit = [&out](char32_t u) {
    out.push_back(static_cast<char>(u >> 8));
    out.push_back(static_cast<char>(u));
  };
  if (c < 0x10000) return unit(c);
  c -= 0x10000;
  unit(0xD800 | c >> 10);
  unit(0xDC00 | (c & 0x3FF));
}

// "&", the base64 of UTF-16BE without padding and with "," for "/", "-".
void append_shifted(std::string& out, std::string_view utf16) {
  out.push_back('&');
  for (const char c : base64_encode(utf16)) {
    if (c == '=') break;
    out.push_back(c == '/' ? ',' : c);
  }
  out.push_back('-');
}

bool decode_shifted(std::string_view encoded, std::string& out) {
  std::string standard(encoded);
  for (char& c : standard) {
    if (c == '/') return false;
    if (c == ',') c = '/';
  }
  standard.append((4 - standard.size() % 4) % 4, '=');
  const auto utf16 = base64_decode(standard);
  if (!utf16 || utf16->empty() || utf16->size() % 2 != 0) return false;
  char32_t high = 0;
  for (std::size_t i = 0; i < utf16->size(); i += 2) {
    const char32_t u = static_cast<char32_t>(static_cast<std::uint8_t>((*utf16)[i]) << 8 |
                                             static_cast<std::uint8_t>((*utf16)[i + 1]));
    const bool is_low = (u & 0xFC00) == 0xDC00;
    if (is_low != (high != 0)) return false;
    if ((u & 0xFC00) == 0xD800) {
      high = u;
      continue;
    }
    append_utf8(out, is_low ? 0x10000 + ((high & 0x3FF) << 10 | (u & 0x3FF)) : u);
    high = 0;
  }
  return high == 0;
}

}  // namespace

std::optional<std::string> utf8_to_mutf7(std::string_view name) {
  std::string out;
  std::string utf16;
  while (!name.empty()) {
    const char32_t c = next_code_point(name);
    if (c == kBadCodePoint) return std::nullopt;
    if (!is_direct(c)) {
      append_utf16(utf16, c);
      continue;
    }
    if (!utf16.empty()) append_shifted(out, utf16);
    utf16.clear();
    out.push_back(static_cast<char>(c));
    if (c == '&') out.push_back('-');
  }
  if (!utf16.empty()) append_shifted(out, utf16);
  return out;
}

std::optional<std::string> mutf7_to_utf8(std::string_view name) {
  std::string out;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (!is_direct(static_cast<unsigned char>(name[i]))) return std::nullopt;
    if (name[i] != '&') {
      out.push_back(name[i]);
      continue;
    }
    const std::size_t end = name.find('-', i);
    if (end == std::string_view::npos) return std::nullopt;
    if (end == i + 1) {
      out.push_back('&');
    } else if (!decode_shifted(name.substr(i + 1, end - i - 1), out)) {
      return std::nullopt;
    }
    i = end;
  }
  // Every other spelling of the same name is refused.
  if (utf8_to_mutf7(out) != name) return std::nullopt;
  return out;
}

}  // namespace posthorn::text
