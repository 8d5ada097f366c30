#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "message/header/address.h"
#include "text/rfc2231.h"

namespace posthorn::message {

using text::Param;

/// A range of octets in the message; `end` is exclusive.
struct ByteRange {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  [[nodiscard]] std::uint64_t size() const { return end - begin; }
  friend bool operator==(const ByteRange&, const ByteRange&) = default;
};

/// The fields of an ENVELOPE (RFC 9051 §7.5.2), unfolded and otherwise as in the message. If an
/// address field occurs more than once, the lists are joined; of other fields, the first one
/// counts.
struct Envelope {
  std::optional<std::string> date;
  std::optional<std::string> subject;
  std::vector<Address> from;
  std::vector<Address> sender;
  std::vector<Address> reply_to;
  std::vector<Address> to;
  std::vector<Address> cc;
  std::vector<Address> bcc;
  std::optional<std::string> in_reply_to;
  std::optional<std::string> message_id;
};

/// `block` may be incomplete; the fields in it are used.
Envelope parse_envelope(std::string_view block);

/// The Content- fields of one part (RFC 2045, RFC 2183, RFC 1864, RFC 3282, RFC 2557). Values are
/// as written.
struct MimeFields {
  std::string type = "TEXT";
  std::string subtype = "PLAIN";
  std::vector<Param> params;
  std::optional<std::string> id;
  std::optional<std::string> description;
  std::string encoding = "7BIT";
  std::optional<std::string> md5;
  std::optional<std::string> disposition;
  std::vector<Param> disposition_params;
  std::vector<std::string> languages;
  std::optional<std::string> location;

  [[nodiscard]] bool is_multipart() const;
  [[nodiscard]] bool is_text() const;
  /// message/rfc822 or message/global: the part contains a whole message (RFC 2046 §5.2.1, RFC
  /// 6532).
  [[nodiscard]] bool is_message() const;
  /// The charset parameter, or "us-ascii" if there is none.
  [[nodiscard]] std::string_view charset() const;
};

/// The parameter assumed for a text part that names no charset (RFC 2046 §4.1.2).
Param default_charset();

enum class DefaultType : unsigned char {
  text_plain,
  message_rfc822,  ///< For the parts of a multipart/digest (RFC 2046 §5.1.5).
};
/// Parses the Content- fields of a header block. If Content-Type is missing or violates its
/// grammar, the default applies (RFC 2045 §5.2).
MimeFields parse_mime_fields(std::string_view block, DefaultType fallback);

/// One part of a message, with the parts inside it.
struct Part {
  MimeFields mime;
  std::uint64_t header_begin = 0;
  std::uint64_t body_begin = 0;
  std::uint64_t body_end = 0;
  std::uint64_t lines = 0;  ///< The number of line ends in the body.
  /// For a multipart, its parts; there is always at least one. If none can be found, it is a
  /// text/plain part without a header that consists of the whole body. For a message part, the root
  /// part of the message.
  std::vector<Part> children;
  std::unique_ptr<Envelope> envelope;  ///< Always present for message parts, and only for them.

  [[nodiscard]] std::uint64_t size() const { return body_end - body_begin; }
};

}  // namespace posthorn::message
