#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "message/digest/text_form.h"

namespace posthorn::message {

/// Strings packed one behind the other, each with a 16-bit length before it. Iterable; damaged
/// bytes end it early.
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
    std::string_view rest_;  // From the current one's length on.
    std::string_view current_;
  };
  explicit PackedStrings(std::string_view bytes = {}) : bytes_(bytes) {}
  [[nodiscard]] Iterator begin() const { return Iterator(bytes_); }
  [[nodiscard]] Iterator end() const { return {}; }
  [[nodiscard]] bool empty() const { return begin() == end(); }

 private:
  std::string_view bytes_;
};

/// The keys half of a digest, read in place: no copy, no allocation. Whatever the bytes are, every
/// call is defined; `ok` says whether they are a digest of this version. If not, all is empty or
/// zero.
///
/// Layout, integers big-endian: version u8; flags u8 (1 has_sent, 2 reply, 4 truncated, 8 the
/// following are known, 16 bare_lf, 32 open_end, 64 header_8bit); sent seconds i64; zone minutes
/// i16; size u64; header_size u64; for each of the kFields the end of its bytes u32, counted from
/// behind this table; the bytes.
class KeysView {
 public:
  explicit KeysView(std::string_view bytes = {});
  [[nodiscard]] bool ok() const { return !bytes_.empty(); }

  /// The Date field was there and could be read (RFC 5256 §2.2: else use INTERNALDATE).
  [[nodiscard]] bool has_sent() const { return (flags() & kHasSent) != 0; }
  [[nodiscard]] Timestamp sent() const;
  [[nodiscard]] std::uint64_t size() const;
  [[nodiscard]] std::uint64_t header_size() const;
  /// RFC 5256 §3: the subject is that of a reply or forward.
  [[nodiscard]] bool is_reply_or_forward() const { return (flags() & kReply) != 0; }
  /// None for a digest made before this was looked at.
  [[nodiscard]] std::optional<TextForm> form() const;
  /// Of one of from, to, cc, bcc and subject only the beginning is here: a search that does not
  /// find its text must look into the header.
  [[nodiscard]] bool truncated() const { return (flags() & kTruncated) != 0; }

  /// Decoded and folded (text::fold), for substring searches. Addresses as addresses_text has them.
  [[nodiscard]] std::string_view from() const { return field(0); }
  [[nodiscard]] std::string_view to() const { return field(1); }
  [[nodiscard]] std::string_view cc() const { return field(2); }
  [[nodiscard]] std::string_view bcc() const { return field(3); }
  [[nodiscard]] std::string_view subject() const { return field(4); }
  /// Sort keys, folded. RFC 5256 §2.1:
  [[nodiscard]] std::string_view base_subject() const { return field(5); }
  /// RFC 5256 §3: addr-mailbox of the first address.
  [[nodiscard]] std::string_view sort_from() const { return field(6); }
  [[nodiscard]] std::string_view sort_to() const { return field(7); }
  [[nodiscard]] std::string_view sort_cc() const { return field(8); }
  /// RFC 5957 §3.
  [[nodiscard]] std::string_view display_from() const { return field(9); }
  [[nodiscard]] std::string_view display_to() const { return field(10); }
  /// Normalised (parse_message_id). Empty: none that is valid.
  [[nodiscard]] std::string_view message_id() const { return field(11); }
  /// RFC 5256 §3: of References, else the first of In-Reply-To; oldest first.
  [[nodiscard]] PackedStrings references() const { return PackedStrings(field(12)); }

  static constexpr std::size_t kFields = 13;
  static constexpr std::size_t kTable = 28;  ///< Where the table begins.
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
  std::string_view bytes_;  // Empty unless checked.
};

}  // namespace posthorn::message
