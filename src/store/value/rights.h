#pragma once

#include <cstdint>
#include <initializer_list>

namespace posthorn::store {

/// What a user may do with a mailbox (RFC 4314 §2.1, whose letter stands beside each). The values
/// are stored.
enum class Right : std::uint16_t {
  lookup = 1 << 0,           ///< l: see its name
  read = 1 << 1,             ///< r: select it, read its messages
  keep_seen = 1 << 2,        ///< s: set and clear \Seen
  write = 1 << 3,            ///< w: set and clear other flags, except \Deleted
  insert = 1 << 4,           ///< i: append and copy into it
  post = 1 << 5,             ///< p: send mail to its address
  create_below = 1 << 6,     ///< k: create mailboxes below it
  remove = 1 << 7,           ///< x: delete or rename it
  delete_messages = 1 << 8,  ///< t: set and clear \Deleted
  expunge = 1 << 9,          ///< e: expunge messages
  administer = 1 << 10,      ///< a: change the rights on it
};

/// A set of rights.
class Rights {
 public:
  constexpr Rights() = default;
  constexpr Rights(std::initializer_list<Right> rights) {
    for (const Right right : rights) bits_ |= static_cast<std::uint16_t>(right);
  }
  static constexpr Rights all() { return from_bits(kAll); }
  /// Ignores bits that mean nothing.
  static constexpr Rights from_bits(std::uint64_t bits) {
    Rights rights;
    rights.bits_ = static_cast<std::uint16_t>(bits & kAll);
    return rights;
  }
  [[nodiscard]] constexpr std::uint16_t bits() const { return bits_; }
  [[nodiscard]] constexpr bool has(Right right) const {
    return (bits_ & static_cast<std::uint16_t>(right)) != 0;
  }
  [[nodiscard]] constexpr bool has_any_of(Rights others) const {
    return (bits_ & others.bits_) != 0;
  }
  [[nodiscard]] constexpr bool empty() const { return bits_ == 0; }
  [[nodiscard]] constexpr Rights with(Rights others) const {
    return from_bits(std::uint64_t{bits_} | others.bits_);
  }
  [[nodiscard]] constexpr Rights without(Rights others) const {
    return from_bits(bits_ & ~std::uint64_t{others.bits_});
  }
  friend constexpr bool operator==(const Rights&, const Rights&) = default;

 private:
  static constexpr std::uint16_t kAll = (1 << 11) - 1;
  std::uint16_t bits_ = 0;
};

}  // namespace posthorn::store
