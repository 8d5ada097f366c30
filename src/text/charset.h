#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace posthorn::text {

/// `charset` is one this server can convert. Names of any case; aliases as ICU has them.
bool is_known_charset(std::string_view charset);

/// `bytes` as UTF-8. Bad bytes become U+FFFD; us-ascii is read as UTF-8, which is what 8-bit bytes
/// in it most often are. Errors: unknown_charset. The result is at most kMaxExpansion times as
/// long as the input, plus a few bytes.
Result<std::string> to_utf8(std::string_view charset, std::string_view bytes);

/// As to_utf8, for when there is nobody to tell: an unknown charset is read as UTF-8 if the bytes
/// are that, else as windows-1252.
std::string to_utf8_lenient(std::string_view charset, std::string_view bytes);

inline constexpr std::size_t kMaxExpansion = 6;

/// 8-bit bytes that name no charset, as in raw header fields: UTF-8 if valid, else windows-1252
/// (its five unassigned bytes become U+FFFD).
std::string guess_to_utf8(std::string_view bytes);
void append_windows_1252(std::string& out, std::string_view bytes);

/// Converts a long text chunk by chunk. What it appends always ends between two characters.
class CharsetDecoder {
 public:
  /// Errors: unknown_charset.
  static Result<CharsetDecoder> open(std::string_view charset);
  CharsetDecoder(CharsetDecoder&&) noexcept;
  CharsetDecoder& operator=(CharsetDecoder&&) noexcept;
  ~CharsetDecoder();

  void feed(std::string_view bytes, std::string& out);
  /// What was left incomplete becomes U+FFFD.
  void finish(std::string& out);

 private:
  struct Converter;
  CharsetDecoder();
  void feed_utf8(std::string_view bytes, std::string& out);
  std::unique_ptr<Converter> converter_;  // None: UTF-8 and us-ascii.
  std::string tail_;  // UTF-8 only: the beginning of a character, under 4 bytes.
};

}  // namespace posthorn::text
