#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace posthorn::text {

/// Returns whether this server can convert `charset`. Names may be in any case; ICU's aliases are
/// accepted.
bool is_known_charset(std::string_view charset);

/// Converts `bytes` to UTF-8. Invalid octets become U+FFFD. us-ascii is read as UTF-8, since 8-bit
/// octets in it usually are. Errors: unknown_charset. The result is at most kMaxExpansion times as
/// long as the input, plus a few octets.
Result<std::string> to_utf8(std::string_view charset, std::string_view bytes);

/// As to_utf8, where no error can be reported: an unknown charset is read as UTF-8 if the octets
/// are valid UTF-8, otherwise as windows-1252.
std::string to_utf8_lenient(std::string_view charset, std::string_view bytes);

inline constexpr std::size_t kMaxExpansion = 6;

/// Converts 8-bit octets without a known charset, as in raw header fields: UTF-8 if valid,
/// otherwise windows-1252 (whose five unassigned octets become U+FFFD).
std::string guess_to_utf8(std::string_view bytes);
void append_windows_1252(std::string& out, std::string_view bytes);

/// Converts a long text chunk by chunk. Its output always ends between two characters.
class CharsetDecoder {
 public:
  /// Errors: unknown_charset.
  static Result<CharsetDecoder> open(std::string_view charset);
  CharsetDecoder(CharsetDecoder&&) noexcept;
  CharsetDecoder& operator=(CharsetDecoder&&) noexcept;
  ~CharsetDecoder();

  void feed(std::string_view bytes, std::string& out);
  /// Ends the text. An incomplete character becomes U+FFFD.
  void finish(std::string& out);

 private:
  struct Converter;
  CharsetDecoder();
  void feed_utf8(std::string_view bytes, std::string& out);
  std::unique_ptr<Converter> converter_;  // None for UTF-8 and us-ascii.
  std::string tail_;  // Only for UTF-8: the beginning of a character, less than 4 octets.
};

}  // namespace posthorn::text
