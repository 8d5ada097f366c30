#pragma once

#include <string>
#include <string_view>

namespace posthorn::auth {

/// Returns what a client said as a quoted field of a log line. A name must not be able to look like
/// the fields that follow it, since programs such as fail2ban read them: quotes and backslashes are
/// written as \x22 and \x5c. The log itself takes care of control characters and of octets that are
/// not UTF-8.
inline std::string log_field(std::string_view said) {
  std::string out = "\"";
  for (const char c : said) {
    if (c == '"') {
      out += "\\x22";
    } else if (c == '\\') {
      out += "\\x5c";
    } else {
      out += c;
    }
  }
  return out + '"';
}

}  // namespace posthorn::auth
