#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace posthorn::wire::lex {

/// A set of octets, for scanning.
class CharSet {
 public:
  template <class Predicate>
  static constexpr CharSet of(Predicate in) {
    CharSet set;
    for (int c = 0; c < 256; ++c) set.in_[static_cast<std::size_t>(c)] = in(static_cast<char>(c));
    return set;
  }
  [[nodiscard]] constexpr bool has(char c) const { return in_[static_cast<unsigned char>(c)]; }
  /// The number of leading octets of `text` that are in the set.
  [[nodiscard]] constexpr std::size_t span(std::string_view text) const {
    std::size_t n = 0;
    while (n < text.size() && has(text[n])) ++n;
    return n;
  }

 private:
  std::array<bool, 256> in_{};
};

}  // namespace posthorn::wire::lex
