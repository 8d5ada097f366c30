#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "message/mime/part.h"
#include "message/mime/structure_format.h"

namespace posthorn::message {

/// One part, as a view into a digest.
struct PartView {
  std::size_t index = 0;  ///< In the order in which parts occur in the message; the root is 0.
  std::uint64_t header_begin = 0;
  std::uint64_t body_begin = 0;
  std::uint64_t body_end = 0;
  std::uint64_t lines = 0;
  std::string_view type;
  std::string_view subtype;
  std::string_view encoding;
  std::string_view charset;  ///< "us-ascii" if the part names none.
  bool is_multipart = false;
  bool is_message = false;
  [[nodiscard]] ByteRange header() const { return {header_begin, body_begin}; }
  [[nodiscard]] ByteRange body() const { return {body_begin, body_end}; }
};

/// A view of the structure part of a digest, read in place without copying or allocating. Every
/// call is safe for any octets. ok() returns whether they are a digest of this version.
///
/// Layout, with integers in big-endian order: version u8; number of parts u32; the end offsets u32
/// of envelope, body, bodystructure, preview, the parts' strings, and the UTF-8 forms of the first
/// three, counted from the end of the records; one record for each part (kRecord octets):
/// header_begin, body_begin, body_end u64, lines u32, index after its last descendant u32, offset
/// of its strings u32, lengths of type, subtype, encoding, charset u16, flags u8 (1 multipart, 2
/// message); the octets.
class StructureView {
 public:
  explicit StructureView(std::string_view bytes = {});
  [[nodiscard]] bool ok() const { return !bytes_.empty(); }

  // In wire form, ready to be sent: see structure_format.h.
  [[nodiscard]] std::string_view envelope(StringForm form) const {
    return wire_text(kEnvelope, kUtf8Envelope, form);
  }
  [[nodiscard]] std::string_view body(StringForm form) const {
    return wire_text(kBody, kUtf8Body, form);
  }
  [[nodiscard]] std::string_view bodystructure(StringForm form) const {
    return wire_text(kExtended, kUtf8Extended, form);
  }
  /// In UTF-8, not in wire form; may be empty (RFC 8970 §3.2).
  [[nodiscard]] std::string_view preview() const { return text(kPreview); }

  /// At least 1 if ok().
  [[nodiscard]] std::size_t part_count() const { return parts_; }
  /// Returns a part by its index; the root is 0.
  [[nodiscard]] std::optional<PartView> part(std::size_t index) const;
  /// Returns a part by its part numbers (RFC 9051 §6.4.5.1). The empty path is the root.
  [[nodiscard]] std::optional<PartView> part_at(std::span<const std::uint32_t> path) const;
  /// Returns the child with this number, counted from 1. The only child of a message part is the
  /// root of its message.
  [[nodiscard]] std::optional<PartView> child(std::size_t index, std::uint32_t number) const;

  /// Texts in UTF-8 form are empty if they equal the ASCII form.
  enum Text : std::uint8_t {
    kEnvelope,
    kBody,
    kExtended,
    kPreview,
    kStrings,
    kUtf8Envelope,
    kUtf8Body,
    kUtf8Extended,
    kTexts
  };
  static constexpr std::size_t kHead = 5 + kTexts * 4;
  static constexpr std::size_t kRecord = 45;
  static constexpr std::uint8_t kMultipart = 1;
  static constexpr std::uint8_t kMessage = 2;

 private:
  [[nodiscard]] std::string_view text(std::size_t i) const;
  [[nodiscard]] std::string_view wire_text(Text ascii, Text utf8, StringForm form) const {
    const std::string_view raw = form == StringForm::utf8 ? text(utf8) : std::string_view();
    return raw.empty() ? text(ascii) : raw;
  }
  [[nodiscard]] std::size_t subtree_end(std::size_t index) const;
  std::string_view bytes_;  // Empty unless the octets have been checked.
  std::size_t parts_ = 0;
};

}  // namespace posthorn::message
