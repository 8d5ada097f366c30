#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace posthorn {

/// A set of UIDs or sequence numbers, stored as sorted, disjoint, non-adjacent closed ranges. Never
/// contains 0.
class NumberSet {
 public:
  struct Range {
    std::uint32_t first;
    std::uint32_t last;  ///< Inclusive.
    friend bool operator==(const Range&, const Range&) = default;
  };

  NumberSet() = default;
  /// The ranges may be in any order and may overlap.
  static NumberSet from_ranges(std::vector<Range> ranges);

  /// Cheap if numbers are added in ascending order.
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

  /// An RFC 9051 §9 sequence-set without '*', such as "1:3,7"; an empty string for the empty set.
  [[nodiscard]] std::string to_text() const;
  friend bool operator==(const NumberSet&, const NumberSet&) = default;

 private:
  std::vector<Range> ranges_;
};

/// An RFC 9051 §9 `sequence-set` as written. The value of '*' is not known yet; kStar stands for
/// it.
class SequenceSet {
 public:
  static constexpr std::uint32_t kStar = 0;
  struct Range {
    std::uint32_t a;
    std::uint32_t b;
    friend bool operator==(const Range&, const Range&) = default;
  };
  std::vector<Range> ranges;
  /// `$`: the saved search result (RFC 5182). `ranges` is empty then.
  bool saved_result = false;

  /// Replaces '*' by `largest`. In an empty mailbox `largest` is 0, and '*' matches nothing. The
  /// ends of a range may be in either order (RFC 9051 §9).
  [[nodiscard]] NumberSet resolve(std::uint32_t largest) const;
  friend bool operator==(const SequenceSet&, const SequenceSet&) = default;
};

}  // namespace posthorn
