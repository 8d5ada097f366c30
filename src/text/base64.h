#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace posthorn::text {

/// Encodes as in RFC 4648 §4, with padding, on one line.
std::string base64_encode(std::string_view bytes);

/// Decodes strictly, as protocols require: complete quanta with padding, no characters outside the
/// alphabet, and no bits left over (RFC 4648 §3.2, §3.3, §3.5). Returns nullopt for anything else.
std::optional<std::string> base64_decode(std::string_view encoded);

/// A lenient, streaming decoder for message bodies (RFC 2045 §6.8): octets outside the alphabet are
/// skipped, padding may be missing, and a new quantum starts after padding (for bodies that were
/// encoded in pieces).
class Base64Decoder {
 public:
  /// Appends the octets that `encoded` completes to `out`: at most 3/4 of its size, plus two.
  void feed(std::string_view encoded, std::string& out);
  /// Appends what remains if the end has no padding.
  void finish(std::string& out);

 private:
  void flush(std::string& out);
  std::uint32_t bits_ = 0;
  unsigned digits_ = 0;  // The number of digits of the current quantum that are in bits_.
};

}  // namespace posthorn::text
