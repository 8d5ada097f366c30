#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "search/work_limit.h"

namespace posthorn::search {

/// One text for each row, in a single buffer.
class TextColumn {
 public:
  /// Appends the text of the next row.
  void add(std::string_view text) {
    buffer_ += text;
    ends_.push_back(buffer_.size());
  }
  [[nodiscard]] std::size_t octets() const { return buffer_.size(); }
  void reserve(std::size_t rows) { ends_.reserve(rows + 1); }
  /// Appends all rows of another column.
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

/// Sorts rows by several keys, one call for each: every call orders the rows that are equal by all
/// keys before it. Rows that stay equal keep the order of their numbers. Takes time linear in the
/// size of the keys, except for short runs of equal rows. Once `work` is over, the order is
/// meaningless.
class RowOrder {
 public:
  /// Starts with the rows 0 to count - 1. `work` must outlive this object.
  RowOrder(std::uint32_t count, Work& work);
  /// Orders by a number for each row.
  void by_numbers(std::span<const std::int64_t> keys, Direction direction);
  /// Orders by a text for each row, compared as octets.
  void by_texts(const TextColumn& keys, Direction direction);
  [[nodiscard]] std::vector<std::uint32_t> take() && { return std::move(rows_); }

 private:
  /// Rows [first, last) of rows_ that are equal so far, at least two.
  struct Run {
    std::uint32_t first;
    std::uint32_t last;
  };
  /// Eight octets of a row's key as a number, and how many of these octets there are.
  struct Entry {
    std::uint64_t key;
    std::uint32_t row;
    std::uint32_t length;
  };
  /// Orders a run by `entry_of(row)`, and calls `left_equal(run, length)` for rows that are still
  /// equal.
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
