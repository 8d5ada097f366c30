#include "wire/smtp/xtext.h"

#include <fmt/core.h>

#include "text/ascii.h"

namespace posthorn::wire::smtp {

std::string format_xtext(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) {
    const auto u = static_cast<unsigned char>(c);
    if (u < 0x21 || u == 0x7f || c == '+' || c == '=') {
      out += fmt::format("+{:02X}", u);
    } else {
      out += c;
    }
  }
  return out;
}

std::optional<std::string> parse_xtext(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    char c = text.front();
    text.remove_prefix(1);
    if (c == '+') {
      const int high = text.size() < 2 ? -1 : text::hex_value(text[0]);
      const int low = text.size() < 2 ? -1 : text::hex_value(text[1]);
      if (high < 0 || low < 0) return std::nullopt;
      c = static_cast<char>(high * 16 + low);
      text.remove_prefix(2);
    } else if (c == '=' || c == ' ') {
      return std::nullopt;
    }
    const auto u = static_cast<unsigned char>(c);
    if (u < 0x20 || u == 0x7f) return std::nullopt;
    out += c;
  }
  return out;
}

}  // namespace posthorn::wire::smtp
