#include "search/row_order.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <numeric>
#include <tuple>

namespace posthorn::search {
namespace {

constexpr std::uint32_t kOctets = 8;
/// With this many rows, counting sort pays off.
constexpr std::size_t kManyRows = 256;
/// The cost of ordering a row by eight octets.
constexpr std::uint64_t kStepsPerRow = 20;
using Counts = std::array<std::uint32_t, 256>;

/// The first octets as a number that has the same order.
std::uint64_t first_octets(std::string_view text) {
  std::uint64_t octets = 0;
  std::memcpy(&octets, text.data(), std::min<std::size_t>(text.size(), kOctets));
  if constexpr (std::endian::native == std::endian::little) octets = std::byteswap(octets);
  return octets;
}

}  // namespace

RowOrder::RowOrder(std::uint32_t count, Work& work) : work_(work), rows_(count) {
  std::iota(rows_.begin(), rows_.end(), 0U);
  if (count > 1) runs_.push_back({0, count});
}

void RowOrder::by_numbers(std::span<const std::int64_t> keys, Direction direction) {
  constexpr std::uint64_t kSign = std::uint64_t{1} << 63;
  const std::uint64_t turn = direction == Direction::down ? ~kSign : kSign;
  const auto entry_of = [&](std::uint32_t row) {
    return Entry{static_cast<std::uint64_t>(keys[row]) ^ turn, row, 0};
  };
  std::vector<Run> left;
  for (const Run run : runs_)
    refine(run, entry_of, [&](Run equal, std::uint32_t) { left.push_back(equal); });
  runs_ = std::move(left);
}

void RowOrder::by_texts(const TextColumn& keys, Direction direction) {
  const std::uint64_t turn = direction == Direction::down ? UINT64_MAX : 0;
  // Shorter texts come first. Texts that end within these octets are equal if the octets and the
  // lengths are.
  const auto length_key = [&](std::size_t size) {
    const auto length = static_cast<std::uint32_t>(std::min<std::size_t>(size, kOctets));
    return direction == Direction::down ? kOctets - length : length;
  };
  const std::uint32_t goes_on = length_key(kOctets);
  std::vector<Run> left;
  std::vector<Run> longer;
  for (std::size_t depth = 0; !runs_.empty(); depth += kOctets) {
    const auto entry_of = [&](std::uint32_t row) {
      const std::string_view rest = keys.at(row).substr(depth);
      return Entry{first_octets(rest) ^ turn, row, length_key(rest.size())};
    };
    for (const Run run : runs_) {
      refine(run, entry_of, [&](Run equal, std::uint32_t length) {
        (length == goes_on ? longer : left).push_back(equal);
      });
    }
    runs_.swap(longer);
    longer.clear();
  }
  runs_ = std::move(left);
}

template <class EntryOf, class LeftEqual>
void RowOrder::refine(Run run, EntryOf&& entry_of, LeftEqual&& left_equal) {
  work_.add(kStepsPerRow * (run.last - run.first));
  if (work_.is_over()) return;
  entries_.clear();
  entries_.reserve(run.last - run.first);
  for (std::uint32_t i = run.first; i < run.last; ++i) entries_.push_back(entry_of(rows_[i]));
  sort_entries();
  const auto count = static_cast<std::uint32_t>(entries_.size());
  for (std::uint32_t i = 0; i < count;) {
    const Entry& first = entries_[i];
    std::uint32_t end = i;
    for (; end < count && entries_[end].key == first.key && entries_[end].length == first.length;
         ++end)
      rows_[run.first + end] = entries_[end].row;
    if (end - i > 1) left_equal(Run{run.first + i, run.first + end}, first.length);
    i = end;
  }
}

void RowOrder::sort_entries() {
  // Rows of a run are in the order of their numbers, and equal rows keep it.
  const auto below = [](const Entry& a, const Entry& b) {
    return std::tie(a.key, a.length, a.row) < std::tie(b.key, b.length, b.row);
  };
  // Mail usually arrives in the order of its dates.
  if (std::ranges::is_sorted(entries_, below)) return;
  if (entries_.size() < kManyRows) {
    std::ranges::sort(entries_, below);
  } else {
    sort_by_digits();
  }
}

/// Radix sort: each octet is a digit, the least significant first, and every pass is stable. Digits
/// that are equal in all rows are skipped.
void RowOrder::sort_by_digits() {
  std::array<Counts, kOctets> counts{};
  Counts lengths{};
  for (const Entry& e : entries_) {
    for (std::uint32_t d = 0; d < kOctets; ++d) ++counts[d][e.key >> (8 * d) & 0xFF];
    ++lengths[e.length];
  }
  spare_.resize(entries_.size());
  distribute([](const Entry& e) { return e.length; }, lengths);
  for (std::uint32_t d = 0; d < kOctets; ++d)
    distribute([d](const Entry& e) { return e.key >> (8 * d) & 0xFF; }, counts[d]);
}

template <class Digit>
void RowOrder::distribute(Digit&& digit, std::span<const std::uint32_t> counts) {
  if (counts[digit(entries_.front())] == entries_.size()) return;
  Counts next;
  std::exclusive_scan(counts.begin(), counts.end(), next.begin(), 0U);
  for (const Entry& e : entries_) spare_[next[digit(e)]++] = e;
  entries_.swap(spare_);
}

}  // namespace posthorn::search
