#include "directory/ldap_escape.h"

#include <fmt/core.h>

namespace posthorn::directory {

std::string escape_for_filter(std::string_view value) {
  std::string out;
  for (const char c : value) {
    const auto octet = static_cast<unsigned char>(c);
    // What is not ASCII may be UTF-8, which needs no escape, or may not, which does.
    if (c == '*' || c == '(' || c == ')' || c == '\\' || octet < ' ' || octet >= 0x7f) {
      out += fmt::format("\\{:02x}", octet);
    } else {
      out += c;
    }
  }
  return out;
}

std::string escape_for_dn(std::string_view value) {
  constexpr std::string_view kSpecial = "\"+,;<>\\=";
  std::string out;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    const auto octet = static_cast<unsigned char>(c);
    const bool at_end = i == 0 || i + 1 == value.size();
    if (octet < ' ' || octet == 0x7f) {
      out += fmt::format("\\{:02x}", octet);
    } else if (kSpecial.contains(c) || (at_end && c == ' ') || (i == 0 && c == '#')) {
      out += '\\';
      out += c;
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace posthorn::directory
