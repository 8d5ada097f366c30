#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "text/base64.h"
#include "text/charset.h"
#include "text/quoted_printable.h"

namespace posthorn::message {

/// Decodes a part's Content-Transfer-Encoding (RFC 2045 §6) and, for text, its charset, chunk by
/// chunk. Damaged data is tolerated; only an unknown encoding is refused.
class PartDecoder {
 public:
  /// For BINARY (RFC 3516): produces octets. Errors: unknown_encoding.
  static Result<PartDecoder> binary(std::string_view encoding);
  /// For SEARCH and previews: produces UTF-8, where each chunk ends between two characters. An
  /// unknown charset is read as UTF-8. Errors: unknown_encoding.
  static Result<PartDecoder> text(std::string_view encoding, std::string_view charset);

  /// Appends the decoded data to `out`.
  void feed(std::string_view raw, std::string& out);
  void finish(std::string& out);

 private:
  enum class Encoding : unsigned char { identity, base64, quoted_printable };
  PartDecoder() = default;
  void decode(std::string_view raw, std::string& out);
  Encoding encoding_ = Encoding::identity;
  text::Base64Decoder base64_;
  text::QuotedPrintableDecoder quoted_printable_;
  std::optional<text::CharsetDecoder> charset_;
  std::string octets_;  // Scratch space between encoding and charset.
};

/// Returns whether PartDecoder supports `encoding`: 7bit, 8bit, binary, base64, quoted-printable,
/// in any case.
bool is_known_encoding(std::string_view encoding);

}  // namespace posthorn::message
