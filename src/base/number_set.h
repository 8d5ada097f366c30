#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace posthorn {

/// A set of 32-bit numbers as sorted, disjoint, non-adjacent closed ranges: UIDs or sequence
/// numbers. Never holds 0.
class NumberSet {
 public:
  struct Range {
    std::uint32_t first;
    std::uint32_t last;  ///< Inclusive.
    friend bool operator==(const Range&, const Range&) = default;
  };

  NumberSet() = default;
  /// Any order, overlapping or not.
  static NumberSet from_ranges(std::vector<Range> ranges);

  /// Cheap when numbers come in ascending order.
  void add(std::uint32_t n) {
    if (!ranges_.empty() && n - 1 == ranges_.back().last && n != 0) {
      ranges_.back().last = n;
    } else {
      add(n, n);
    }
  }
  void add(std::uint32_t first, std::uint32_t last);
  [[nodiscard]] bool contains(std::uint32_t n) const;
  [[nodiscard]] bool empty() const { return ranges_.empty(); }
  [[nodiscard]] std::uint64_t count() const;
  [[nodiscard]] std::uint32_t max() const { return ranges_.empty() ? 0 : ranges_.back().last; }
  [[nodiscard]] const std::vector<Range>& ranges() const { return ranges_; }

  [[nodiscard]] NumberSet intersect(const NumberSet& other) const;
  [[nodiscard]] NumberSet subtract(const NumberSet& other) const;
  [[nodiscard]] NumberSet unite(const NumberSet& other) const;

  /// "1:3,7": RFC 9051 §9 sequence-set without '*'. Empty for the empty set.
  [[nodiscard]] std::string to_text() const;
  friend bool operator==(const NumberSet&, const NumberSet&) = default;

 private:
  std::vector<Range> ranges_;
};

/// RFC 9051 §9 `sequence-set` as written, '*' not yet known: kStar stands for it.
class SequenceSet {
 public:
  static constexpr std::uint32_t kStar = 0;
  struct Range {
    std::uint32_t a;
    std::uint32_t b;
    friend bool operator==(const Range&, const Range&) = default;
  };
  std::vector<Range> ranges;
  /// `$`: the saved search result (RFC 5182). Then `ranges` is empty.
  bool saved_result = false;

  /// With '*' read as `largest` (0 for an empty mailbox: '*' then matches nothing). Ranges may be
  /// written either way round (RFC 9051 §9).
  [[nodiscard]] NumberSet resolve(std::uint32_t largest) const;
  friend bool operator==(const SequenceSet&, const SequenceSet&) = default;
};

}  // namespace posthorn
