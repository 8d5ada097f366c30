#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "search/work_limit.h"

namespace posthorn::search {

/// A text for each row, in one buffer.
class TextColumn {
 public:
  /// The next row's.
  void add(std::string_view text) {
    buffer_ += text;
    ends_.push_back(buffer_.size());
  }
  [[nodiscard]] std::size_t octets() const { return buffer_.size(); }
  void reserve(std::size_t rows) { ends_.reserve(rows + 1); }
  /// All rows of another column, behind these.
  void append(const TextColumn& more) {
    const std::size_t before = buffer_.size();
    buffer_ += more.buffer_;
    for (std::size_t row = 1; row < more.ends_.size(); ++row)
      ends_.push_back(before + more.ends_[row]);
  }
  [[nodiscard]] std::string_view at(std::uint32_t row) const {
    return std::string_view(buffer_).substr(ends_[row], ends_[row + 1] - ends_[row]);
  }

 private:
  std::string buffer_;
  std::vector<std::size_t> ends_ = {0};
};

enum class Direction : std::uint8_t { up, down };

/// Puts rows in order by one key after the other: each call orders those that all before left
/// equal. What is equal to the end keeps the order of its numbers. Time linear in the keys, but for
/// short runs of equal rows. Once `work` is over the order is of no use.
class RowOrder {
 public:
  /// Rows 0 to count - 1. `work` must outlive it.
  RowOrder(std::uint32_t count, Work& work);
  /// A key for each row.
  void by_numbers(std::span<const std::int64_t> keys, Direction direction);
  /// Compared as bytes.
  void by_texts(const TextColumn& keys, Direction direction);
  [[nodiscard]] std::vector<std::uint32_t> take() && { return std::move(rows_); }

 private:
  /// Rows [first, last) of rows_ that are equal so far: two at least.
  struct Run {
    std::uint32_t first;
    std::uint32_t last;
  };
  /// Eight octets of a row's key as a number, and how many of them there are.
  struct Entry {
    std::uint64_t key;
    std::uint32_t row;
    std::uint32_t length;
  };
  /// Orders a run by what `entry_of(row)` makes of its rows; calls `left_equal(run, length)` for
  /// what is still equal.
  template <class EntryOf, class LeftEqual>
  void refine(Run run, EntryOf&& entry_of, LeftEqual&& left_equal);
  void sort_entries();
  void sort_by_digits();
  template <class Digit>
  void distribute(Digit&& digit, std::span<const std::uint32_t> counts);

  Work& work_;
  std::vector<std::uint32_t> rows_;
  std::vector<Run> runs_;
  std::vector<Entry> entries_;
  std::vector<Entry> spare_;
};

}  // namespace posthorn::search
