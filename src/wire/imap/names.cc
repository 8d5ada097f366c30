#include "wire/imap/names.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "text/ascii.h"
#include "text/mutf7.h"
#include "text/utf8.h"

namespace posthorn::wire::imap {

namespace {

// RFC 9755 §3: no C0, DEL, C1, line or paragraph separators. Requires: valid UTF-8.
bool has_control(std::string_view name) {
  while (!name.empty()) {
    const char32_t c = text::next_code_point(name);
    if (c < 0x20 || (c >= 0x7F && c <= 0x9F) || c == 0x2028 || c == 0x2029) return true;
  }
  return false;
}

bool is_inbox(std::string_view name) { return text::iequals(name, "INBOX"); }

}  // namespace

Result<std::string> decode_mailbox(std::string_view name, bool utf8) {
  if (is_inbox(name)) return "INBOX";
  std::string out;
  if (utf8 || !text::is_ascii(name)) {
    if (!text::is_valid_utf8(name))
      return fail(ErrorKind::bad_argument, "the mailbox name is not valid UTF-8");
    out = name;
  } else {
    std::optional<std::string> decoded = text::mutf7_to_utf8(name);
    if (!decoded)
      return fail(ErrorKind::bad_argument, "the mailbox name is not valid modified UTF-7");
    out = std::move(*decoded);
  }
  if (has_control(out))
    return fail(ErrorKind::bad_argument, "the mailbox name contains control characters");
  return out;
}

std::string decode_pattern(std::string pattern, bool utf8) {
  if (utf8 || pattern.find('&') == std::string::npos || !text::is_ascii(pattern)) return pattern;
  std::optional<std::string> decoded = text::mutf7_to_utf8(pattern);
  return decoded ? std::move(*decoded) : std::move(pattern);
}

void encode_mailbox(std::string_view name, bool utf8, std::string& out) {
  const bool plain =
      std::ranges::all_of(name, [](char c) { return c >= 0x20 && c < 0x7F && c != '&'; });
  if (plain || utf8) {
    out += name;
    return;
  }
  // decode_mailbox never accepts a name that is not UTF-8. If the store contains one nevertheless,
  // it is shown unchanged.
  const std::optional<std::string> encoded = text::utf8_to_mutf7(name);
  out += encoded ? std::string_view(*encoded) : name;
}

}  // namespace posthorn::wire::imap
