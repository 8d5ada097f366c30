#include "config/min_free.h"

#include <gtest/gtest.h>

namespace posthorn::config {
namespace {

constexpr std::uint64_t kGB = 1'000'000'000;

std::uint64_t least(std::string_view text, std::uint64_t disk) {
  const auto parsed = parse_min_free(text);
  EXPECT_TRUE(parsed) << text;
  return parsed ? parsed->of(disk) : 0;
}

TEST(MinFree, IsASizeAPartOfTheDiskOrTheSmallerOfBoth) {
  EXPECT_EQ(least("10GB", 100 * kGB), 10 * kGB);
  EXPECT_EQ(least("5%", 100 * kGB), 5 * kGB);
  EXPECT_EQ(least("90%", 1010), 909U);
  EXPECT_EQ(least("auto", 100 * kGB), kGB);
  EXPECT_EQ(least("auto", 2 * kGB), kGB / 10);
  EXPECT_EQ(least("0", 100 * kGB), 0U);
  EXPECT_EQ(least("0%", 100 * kGB), 0U);
}

TEST(MinFree, OfAHugeDiskDoesNotOverflow) { EXPECT_EQ(least("50%", UINT64_MAX), UINT64_MAX / 2); }

TEST(MinFree, MoreThanTheDiskHasMeansNeverEnough) { EXPECT_EQ(least("10GB", kGB), kGB); }

TEST(MinFree, RefusesOtherWords) {
  for (const char* text : {"", "much", "91%", "%", "-1", "5.5%", "5 %%", "99999999999999999999%"})
    EXPECT_FALSE(parse_min_free(text)) << text;
}

}  // namespace
}  // namespace posthorn::config
