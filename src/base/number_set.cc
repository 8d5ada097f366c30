#include "base/number_set.h"

#include <algorithm>
#include <charconv>

namespace posthorn {

NumberSet NumberSet::from_ranges(std::vector<Range> ranges) {
  std::ranges::sort(ranges, {}, &Range::first);
  NumberSet out;
  for (const Range& r : ranges) out.add(r.first, r.last);
  return out;
}

void NumberSet::add(std::uint32_t first, std::uint32_t last) {
  if (first == 0 || last < first) return;
  if (ranges_.empty() || first > ranges_.back().last) {
    if (!ranges_.empty() && ranges_.back().last + 1 == first) {
      ranges_.back().last = last;
    } else {
      ranges_.push_back({first, last});
    }
    return;
  }
  // Merges all ranges that overlap or touch [first, last] into one.
  auto begin = std::ranges::lower_bound(ranges_, first, {}, [](const Range& r) {
    return r.last == UINT32_MAX ? r.last : r.last + 1;
  });
  auto end = begin;
  while (end != ranges_.end() && end->first <= (last == UINT32_MAX ? last : last + 1)) {
    first = std::min(first, end->first);
    last = std::max(last, end->last);
    ++end;
  }
  begin = ranges_.erase(begin, end);
  ranges_.insert(begin, {first, last});
}

bool NumberSet::contains(std::uint32_t n) const {
  const auto it = std::ranges::lower_bound(ranges_, n, {}, &Range::last);
  return it != ranges_.end() && it->first <= n;
}

std::uint64_t NumberSet::count() const {
  std::uint64_t n = 0;
  for (const Range& r : ranges_) n += std::uint64_t{r.last} - r.first + 1;
  return n;
}

NumberSet NumberSet::intersect(const NumberSet& other) const {
  NumberSet out;
  auto a = ranges_.begin();
  auto b = other.ranges_.begin();
  while (a != ranges_.end() && b != other.ranges_.end()) {
    out.add(std::max(a->first, b->first), std::min(a->last, b->last));
    if (a->last < b->last) {
      ++a;
    } else {
      ++b;
    }
  }
  return out;
}

NumberSet NumberSet::subtract(const NumberSet& other) const {
  NumberSet out;
  auto b = other.ranges_.begin();
  for (const Range& r : ranges_) {
    std::uint64_t from = r.first;
    while (b != other.ranges_.end() && b->last < from) ++b;
    for (auto cut = b; cut != other.ranges_.end() && cut->first <= r.last; ++cut) {
      if (cut->first > from) out.add(static_cast<std::uint32_t>(from), cut->first - 1);
      from = std::uint64_t{cut->last} + 1;
    }
    if (from <= r.last) out.add(static_cast<std::uint32_t>(from), r.last);
  }
  return out;
}

NumberSet NumberSet::unite(const NumberSet& other) const {
  std::vector<Range> all = ranges_;
  all.insert(all.end(), other.ranges_.begin(), other.ranges_.end());
  return from_ranges(std::move(all));
}

std::string NumberSet::to_text() const {
  std::string out;
  char digits[10];
  const auto number = [&](std::uint32_t n) {
    out.append(digits, std::to_chars(digits, digits + sizeof digits, n).ptr);
  };
  for (const Range& r : ranges_) {
    if (!out.empty()) out += ',';
    number(r.first);
    if (r.last != r.first) {
      out += ':';
      number(r.last);
    }
  }
  return out;
}

NumberSet SequenceSet::resolve(std::uint32_t largest) const {
  std::vector<NumberSet::Range> out;
  for (const Range& r : ranges) {
    const std::uint32_t a = r.a == kStar ? largest : r.a;
    const std::uint32_t b = r.b == kStar ? largest : r.b;
    if (a == 0 && b == 0) continue;
    out.push_back({std::max(1U, std::min(a, b)), std::max(a, b)});
  }
  return NumberSet::from_ranges(std::move(out));
}

}  // namespace posthorn
