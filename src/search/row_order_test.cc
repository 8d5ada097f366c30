#include "search/row_order.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>

namespace posthorn::search {
namespace {

/// A limit that no test reaches.
Work& some_work() {
  static WorkLimit limit;
  static Work work(limit);
  return work;
}

std::vector<std::uint32_t> numbers_in_order(const std::vector<std::int64_t>& keys,
                                            Direction direction) {
  RowOrder order(static_cast<std::uint32_t>(keys.size()), some_work());
  order.by_numbers(keys, direction);
  return std::move(order).take();
}

std::vector<std::uint32_t> texts_in_order(const std::vector<std::string>& keys,
                                          Direction direction) {
  TextColumn column;
  for (const std::string& key : keys) column.add(key);
  RowOrder order(static_cast<std::uint32_t>(keys.size()), some_work());
  order.by_texts(column, direction);
  return std::move(order).take();
}

TEST(RowOrder, NumbersUpAndDownEqualOnesAsTheyCame) {
  EXPECT_EQ(numbers_in_order({3, -1, INT64_MIN, 3, INT64_MAX}, Direction::up),
            (std::vector<std::uint32_t>{2, 1, 0, 3, 4}));
  EXPECT_EQ(numbers_in_order({3, -1, INT64_MIN, 3, INT64_MAX}, Direction::down),
            (std::vector<std::uint32_t>{4, 0, 3, 1, 2}));
  EXPECT_TRUE(numbers_in_order({}, Direction::up).empty());
}

TEST(RowOrder, TextsAsBytesShorterFirst) {
  using namespace std::string_literals;
  const std::vector<std::string> keys = {"abcdefgh", "ab",  "ab\0"s,      "abcdefgh\0"s, "",
                                         "\xff",     "abc", "abcdefghij", "abcdefgh",    "ab"};
  EXPECT_EQ(texts_in_order(keys, Direction::up),
            (std::vector<std::uint32_t>{4, 1, 9, 2, 6, 0, 8, 3, 7, 5}));
  EXPECT_EQ(texts_in_order(keys, Direction::down),
            (std::vector<std::uint32_t>{5, 7, 3, 0, 8, 6, 2, 1, 9, 4}));
}

/// Many rows with common prefixes in their keys, sorted by three keys: the result is that of a
/// stable sort.
TEST(RowOrder, TheSameAsAStableSort) {
  std::mt19937 random(2024);
  for (const std::uint32_t count : {2U, 40U, 300U, 5'000U}) {
    for (int round = 0; round < 20; ++round) {
      std::vector<std::string> texts;
      std::vector<std::int64_t> numbers;
      std::vector<std::int64_t> more;
      TextColumn column;
      for (std::uint32_t i = 0; i < count; ++i) {
        std::string text(random() % 3 * 8, 'x');
        for (auto n = random() % 10; n > 0; --n)
          text += static_cast<char>(random() % 4 == 0 ? 0 : random() % 256);
        if (round % 2 == 0) text.resize(std::min<std::size_t>(text.size(), 17));
        column.add(text);
        texts.push_back(std::move(text));
        numbers.push_back(static_cast<std::int64_t>(random() % 7) - 3);
        more.push_back(static_cast<std::int64_t>(random()) * (random() % 2 == 0 ? -1 : 1'000'000));
      }
      const auto down = static_cast<Direction>(random() % 2);
      RowOrder order(count, some_work());
      order.by_numbers(numbers, down);
      order.by_texts(column, down);
      order.by_numbers(more, Direction::up);

      std::vector<std::uint32_t> expected(count);
      std::iota(expected.begin(), expected.end(), 0U);
      std::ranges::sort(expected, [&](std::uint32_t a, std::uint32_t b) {
        const auto first = down == Direction::up ? a : b;
        const auto second = down == Direction::up ? b : a;
        if (numbers[a] != numbers[b]) return numbers[first] < numbers[second];
        if (texts[a] != texts[b]) return texts[first] < texts[second];
        return more[a] != more[b] ? more[a] < more[b] : a < b;
      });
      ASSERT_EQ(std::move(order).take(), expected);
    }
  }
}

}  // namespace
}  // namespace posthorn::search
