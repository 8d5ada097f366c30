#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace posthorn::search {

/// Numbers distinct texts 0, 1, 2 ... in the order of their first occurrence. It uses one buffer
/// and one open-addressing table, without an allocation for each text. Because the texts come from
/// outside, the hash is seeded with a secret.
class TextNumbers {
 public:
  TextNumbers();
  /// Requires: fewer than 2^32 - 1 distinct texts.
  std::uint32_t number(std::string_view text);
  /// Total octets of all distinct texts.
  [[nodiscard]] std::size_t octets() const { return texts_.size(); }
  [[nodiscard]] std::uint32_t count() const { return static_cast<std::uint32_t>(hashes_.size()); }

 private:
  static constexpr std::uint32_t kEmpty = UINT32_MAX;
  struct Slot {
    std::uint32_t tag = 0;  ///< The upper half of the hash, which tells most different texts apart.
    std::uint32_t number = kEmpty;
  };
  [[nodiscard]] std::string_view text_of(std::uint32_t number) const {
    return std::string_view(texts_).substr(ends_[number], ends_[number + 1] - ends_[number]);
  }
  Slot& slot_for(std::uint64_t hash, std::string_view text);
  void grow();

  const std::uint64_t seed_;
  std::vector<Slot> slots_;  ///< The size is a power of two; at most half of the slots are used.
  std::vector<std::uint64_t> hashes_;
  std::string texts_;
  std::vector<std::size_t> ends_ = {0};
};

}  // namespace posthorn::search
