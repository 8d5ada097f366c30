#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "message/digest/text_form.h"

namespace posthorn::message {

/// A sequence of strings, each preceded by its length in 16 bits. Iterable; damaged data ends the
/// iteration early.
class PackedStrings {
 public:
  class Iterator {
   public:
    using value_type = std::string_view;
    using difference_type = std::ptrdiff_t;
    Iterator() = default;
    explicit Iterator(std::string_view rest) : rest_(rest) { load(); }
    std::string_view operator*() const { return current_; }
    Iterator& operator++();
    Iterator operator++(int);
    bool operator==(const Iterator& other) const { return rest_.size() == other.rest_.size(); }

   private:
    void load();
    std::string_view rest_;  // Starts with the length of the current string.
    std::string_view current_;
  };
  explicit PackedStrings(std::string_view bytes = {}) : bytes_(bytes) {}
  [[nodiscard]] Iterator begin() const { return Iterator(bytes_); }
  [[nodiscard]] Iterator end() const { return {}; }
  [[nodiscard]] bool empty() const { return begin() == end(); }

 private:
  std::string_view bytes_;
};

/// A view of the keys part of a digest, read in place without copying or allocating. Every call is
/// safe for any octets. ok() returns whether they are a digest of this version; if not, all values
/// are empty or zero.
///
/// Layout, with integers in big-endian order: version u8; flags u8 (1 has_sent, 2 reply, 4
/// truncated, 8 the following flags are valid, 16 bare_lf, 32 open_end, 64 header_8bit); sent
/// seconds i64; zone minutes i16; size u64; header_size u64; for each of the kFields fields the end
/// offset of its octets u32, counted from the end of this table; the octets.
class KeysView {
 public:
  explicit KeysView(std::string_view bytes = {});
  [[nodiscard]] bool ok() const { return !bytes_.empty(); }

  /// True if there was a readable Date field; if not, use INTERNALDATE (RFC 5256 §2.2).
  [[nodiscard]] bool has_sent() const { return (flags() & kHasSent) != 0; }
  [[nodiscard]] Timestamp sent() const;
  [[nodiscard]] std::uint64_t size() const;
  [[nodiscard]] std::uint64_t header_size() const;
  /// The subject is that of a reply or a forwarded message (RFC 5256 §3).
  [[nodiscard]] bool is_reply_or_forward() const { return (flags() & kReply) != 0; }
  /// None for digests that were made before this was recorded.
  [[nodiscard]] std::optional<TextForm> form() const;
  /// At least one of from, to, cc, bcc and subject is stored only in part. A search that does not
  /// find its text there must examine the header.
  [[nodiscard]] bool truncated() const { return (flags() & kTruncated) != 0; }

  /// Decoded and folded (text::fold), for substring searches. Addresses are formatted as by
  /// addresses_text.
  [[nodiscard]] std::string_view from() const { return field(0); }
  [[nodiscard]] std::string_view to() const { return field(1); }
  [[nodiscard]] std::string_view cc() const { return field(2); }
  [[nodiscard]] std::string_view bcc() const { return field(3); }
  [[nodiscard]] std::string_view subject() const { return field(4); }
  /// Sort keys, folded. This one is defined in RFC 5256 §2.1:
  [[nodiscard]] std::string_view base_subject() const { return field(5); }
  /// The addr-mailbox of the first address (RFC 5256 §3).
  [[nodiscard]] std::string_view sort_from() const { return field(6); }
  [[nodiscard]] std::string_view sort_to() const { return field(7); }
  [[nodiscard]] std::string_view sort_cc() const { return field(8); }
  /// RFC 5957 §3.
  [[nodiscard]] std::string_view display_from() const { return field(9); }
  [[nodiscard]] std::string_view display_to() const { return field(10); }
  /// Normalised (parse_message_id). Empty if there is no valid one.
  [[nodiscard]] std::string_view message_id() const { return field(11); }
  /// The ids of References, or else the first of In-Reply-To, oldest first (RFC 5256 §3).
  [[nodiscard]] PackedStrings references() const { return PackedStrings(field(12)); }

  static constexpr std::size_t kFields = 13;
  static constexpr std::size_t kTable = 28;  ///< Offset of the table of field ends.
  static constexpr std::uint8_t kHasSent = 1;
  static constexpr std::uint8_t kReply = 2;
  static constexpr std::uint8_t kTruncated = 4;
  static constexpr std::uint8_t kFormKnown = 8;
  static constexpr std::uint8_t kBareLf = 16;
  static constexpr std::uint8_t kOpenEnd = 32;
  static constexpr std::uint8_t kHeader8bit = 64;

 private:
  [[nodiscard]] std::uint8_t flags() const;
  [[nodiscard]] std::string_view field(std::size_t i) const;
  std::string_view bytes_;  // Empty unless the octets have been checked.
};

}  // namespace posthorn::message
