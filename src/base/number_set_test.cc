#include "base/number_set.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace posthorn {
namespace {

NumberSet of(const std::set<std::uint32_t>& numbers) {
  NumberSet s;
  for (const std::uint32_t n : numbers) s.add(n);
  return s;
}

TEST(NumberSet, MergesWhateverTheOrder) {
  NumberSet s;
  s.add(5, 9);
  s.add(1);
  s.add(3);
  s.add(2);
  EXPECT_EQ(s.to_text(), "1:3,5:9");
  s.add(4);
  EXPECT_EQ(s.to_text(), "1:9");
  s.add(0);
  EXPECT_EQ(s.count(), 9U);
}

TEST(NumberSet, EndsAtTheLargestNumber) {
  NumberSet s;
  s.add(UINT32_MAX);
  s.add(UINT32_MAX - 1);
  s.add(1);
  EXPECT_TRUE(s.contains(UINT32_MAX));
  EXPECT_EQ(s.to_text(), "1,4294967294:4294967295");
  EXPECT_EQ(s.subtract(NumberSet::from_ranges({{2, UINT32_MAX}})).to_text(), "1");
}

TEST(NumberSet, AgreesWithStdSet) {
  std::mt19937 random(7);
  for (int round = 0; round < 2000; ++round) {
    std::set<std::uint32_t> a;
    std::set<std::uint32_t> b;
    for (int i = 0; i < 12; ++i) {
      a.insert(random() % 30 + 1);
      b.insert(random() % 30 + 1);
    }
    std::set<std::uint32_t> both;
    std::set<std::uint32_t> only_a;
    std::set<std::uint32_t> any = b;
    for (const std::uint32_t n : a) {
      (b.contains(n) ? both : only_a).insert(n);
      any.insert(n);
    }
    ASSERT_EQ(of(a).intersect(of(b)), of(both));
    ASSERT_EQ(of(a).subtract(of(b)), of(only_a));
    ASSERT_EQ(of(a).unite(of(b)), of(any));
  }
}

TEST(SequenceSet, StarIsTheLargest) {
  SequenceSet set;
  set.ranges = {{SequenceSet::kStar, 4}};
  EXPECT_EQ(set.resolve(9).to_text(), "4:9");
  EXPECT_EQ(set.resolve(2).to_text(), "2:4");
  set.ranges = {{SequenceSet::kStar, SequenceSet::kStar}};
  EXPECT_TRUE(set.resolve(0).empty());
}

}  // namespace
}  // namespace posthorn
