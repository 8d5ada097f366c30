#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace posthorn::bench {

/// Words of which the searches find a known share of the messages.
inline constexpr std::string_view kSearchSubject = "quarterly";  ///< About one thread in 64.
inline constexpr std::string_view kSearchBody = "zanzibar";      ///< About one message in 100.
inline constexpr std::string_view kSearchFrom = "person17@";     ///< About one message in 200.

/// What the mail is like.
enum class Shape : std::uint8_t {
  mixed,  ///< Every fifth message has an attachment of some 8 KB; 8 KB on average.
  text,   ///< multipart/alternative and no more.
  dense,  ///< Every message has an attachment of 100 to 400 KB that cannot be compressed.
};

/// Realistic mail, the same for the same seed and number on every machine: headers as servers add
/// them, References chains, multipart/alternative, attachments. Other seeds give other text
/// throughout, so that no run profits from the bytes of an earlier one.
class MessageMaker {
 public:
  explicit MessageMaker(std::uint64_t seed, Shape shape = Shape::mixed)
      : seed_(seed), shape_(shape) {}

  /// The message with this number, lines ended by CRLF.
  [[nodiscard]] std::string message(std::uint64_t number) const;
  /// Seconds since 1970 UTC of its Date.
  [[nodiscard]] static std::int64_t date(std::uint64_t number);
  /// Whether it counts as read: two of three.
  [[nodiscard]] bool is_seen(std::uint64_t number) const;

 private:
  [[nodiscard]] std::optional<std::uint64_t> parent(std::uint64_t number) const;
  [[nodiscard]] std::string message_id(std::uint64_t number) const;
  [[nodiscard]] std::string subject(std::uint64_t root) const;
  void add_header(std::uint64_t number, std::string& out) const;
  void add_text(std::uint64_t number, std::string& out) const;
  void add_attachment(std::uint64_t number, std::string& out) const;
  [[nodiscard]] bool has_attachment(std::uint64_t number) const;
  std::uint64_t seed_;
  Shape shape_;
};

/// SplitMix64: the next of a sequence of well mixed numbers.
std::uint64_t next_random(std::uint64_t& state);

/// "07-Feb-2024 21:52:25 +0000", as APPEND takes it (RFC 9051 §9, date-time).
std::string internal_date(std::int64_t seconds);

}  // namespace posthorn::bench
