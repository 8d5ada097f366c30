#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace posthorn::text {

/// RFC 4648 §4, with padding, on one line.
std::string base64_encode(std::string_view bytes);

/// Strict, as protocols need it: whole quanta with padding, nothing outside the alphabet, no bits
/// left over (RFC 4648 §3.2, §3.3, §3.5). Anything else is nullopt.
std::optional<std::string> base64_decode(std::string_view encoded);

/// Lenient and streaming, for message bodies (RFC 2045 §6.8): bytes outside the alphabet
/// are skipped, padding may be missing, and what follows padding starts a new quantum (bodies that
/// were encoded in pieces).
class Base64Decoder {
 public:
  /// Appends what `encoded` completes to `out`: at most 3/4 of its size, plus two.
  void feed(std::string_view encoded, std::string& out);
  /// Appends what an unpadded end still held.
  void finish(std::string& out);

 private:
  void flush(std::string& out);
  std::uint32_t bits_ = 0;
  unsigned digits_ = 0;  // How many of a quantum's four are in bits_.
};

}  // namespace posthorn::text
