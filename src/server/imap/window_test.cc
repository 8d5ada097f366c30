#include "server/imap/window.h"

#include <gtest/gtest.h>

namespace posthorn::server::imap {
namespace {

using wire::imap::PartialRange;

NumberSet numbers() {
  NumberSet set;
  set.add(10, 12);
  set.add(20, 21);
  return set;
}

// RFC 9394 §3.
TEST(Window, CountsFromEitherEnd) {
  EXPECT_EQ(window(numbers(), {PartialRange::From::oldest, 2, 4}).to_text(), "11:12,20");
  EXPECT_EQ(window(numbers(), {PartialRange::From::newest, 1, 2}).to_text(), "20:21");
  EXPECT_EQ(window(numbers(), {PartialRange::From::newest, 4, 9}).to_text(), "10:11");
  EXPECT_TRUE(window(numbers(), {PartialRange::From::oldest, 6, 9}).empty());
  EXPECT_TRUE(window(numbers(), {PartialRange::From::newest, 6, 9}).empty());
  EXPECT_TRUE(window(NumberSet(), {PartialRange::From::newest, 1, 1}).empty());
}

TEST(Window, OfAnOrder) {
  const std::uint32_t order[] = {5, 1, 4};
  const auto last = window(std::span(order), {PartialRange::From::newest, 1, 2});
  ASSERT_EQ(last.size(), 2U);
  EXPECT_EQ(last[0], 1U);
  EXPECT_EQ(last[1], 4U);
}

}  // namespace
}  // namespace posthorn::server::imap
