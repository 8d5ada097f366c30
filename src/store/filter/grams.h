#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace posthorn::store {

// What a search filter keeps of a text is which *grams* it contains: all runs of three and of four
// octets of the folded text, hashed. A text that contains a needle contains all grams of the
// needle, so a text that lacks one of them does not contain the needle. Nothing else can be
// concluded.

/// A hashed gram, below kGramRange.
using Gram = std::uint32_t;
inline constexpr unsigned kGramBits = 17;
inline constexpr Gram kGramRange = Gram{1} << kGramBits;

/// The rows (numbers of bits) that a signature may have: 512 to 131,072, in steps of about the
/// square root of two, each divisible by kMostParts.
inline constexpr std::size_t kSizes = 17;
inline constexpr std::array<std::uint32_t, kSizes> kRows = {
    512,   768,   1024,  1536,  2048,  3072,  4096,  6144,  8192,
    12288, 16384, 24576, 32768, 49152, 65536, 98304, 131072};

/// The row of a gram in a signature with this many rows. Rises with the gram.
constexpr std::uint32_t row_of(Gram gram, std::uint32_t rows) {
  return static_cast<std::uint32_t>(std::uint64_t{gram} * rows >> kGramBits);
}

/// The grams of one message: the row of each has its bit set. The more grams, the more rows, so
/// that about four bits of ten are set; of a message with more than some 90,000 grams, more.
struct Signature {
  std::uint8_t size = 0;             ///< Index into kRows.
  std::vector<std::uint64_t> words;  ///< kRows[size] bits, lowest first.
  [[nodiscard]] std::uint32_t rows() const { return kRows[size]; }
  [[nodiscard]] bool has(Gram gram) const {
    const std::uint32_t row = row_of(gram, rows());
    return (words[row / 64] >> row % 64 & 1) != 0;
  }
  friend bool operator==(const Signature&, const Signature&) = default;
};

/// Collects the grams of a message's texts. Takes some nanoseconds for each octet.
class GramCollector {
 public:
  /// Begins a new text. No gram spans two texts.
  void begin() { known_ = 0; }
  /// Adds the next octets of the text, which must be folded (text::fold).
  void add(std::string_view folded);
  /// Returns the signature of all texts so far and forgets them.
  Signature finish();

 private:
  void set(Gram gram) { seen_[gram / 64] |= std::uint64_t{1} << gram % 64; }

  std::vector<std::uint64_t> seen_ = std::vector<std::uint64_t>(kGramRange / 64);
  std::uint32_t last_ = 0;  ///< The last four octets of the text.
  unsigned known_ = 0;      ///< How many of these belong to this text.
};

/// Needles with fewer octets, after folding, have no grams.
inline constexpr std::size_t kShortestNeedle = 3;
/// Returns grams that every text with this needle contains: all of a short needle, and some of a
/// long one. Empty if the needle is too short.
std::vector<Gram> grams_of(std::string_view folded_needle);

}  // namespace posthorn::store
