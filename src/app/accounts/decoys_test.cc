#include "app/accounts/decoys.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

namespace posthorn::app {
namespace {

class DecoysTest : public testing::Test {
 protected:
  DecoysTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "posthorn-app-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~DecoysTest() override { std::filesystem::remove_all(folder_); }
  DecoysTest(const DecoysTest&) = delete;
  DecoysTest& operator=(const DecoysTest&) = delete;

  std::unique_ptr<Decoys> open(std::uint32_t iterations, bool upgrades = false) {
    auto decoys = Decoys::open(folder_, {iterations, upgrades}, "key", clock_);
    EXPECT_TRUE(decoys);
    return std::move(*decoys);
  }
  /// How many of a hundred names have these iterations.
  static int count(const Decoys& decoys, std::uint32_t iterations) {
    int count = 0;
    for (int i = 0; i < 100; ++i)
      count += decoys.shape_of("name" + std::to_string(i)).iterations == iterations ? 1 : 0;
    return count;
  }

  std::string folder_;
  ManualClock clock_{2'000'000'000};
};

TEST_F(DecoysTest, NamesOfNobodyFollowAChangeAsSlowlyAsAccounts) {
  EXPECT_EQ(count(*open(16384), 16384), 100);
  // After a change nobody differs at once, and there are both for a long time, restarts or not.
  EXPECT_EQ(count(*open(20000), 16384), 100);
  clock_.advance(std::chrono::days(300));
  const int slow = count(*open(20000), 16384);
  EXPECT_GT(slow, 40);
  EXPECT_LT(slow, 95);
  EXPECT_EQ(count(*open(20000), 20000), 100 - slow);
  clock_.advance(std::chrono::days(1000));
  EXPECT_EQ(count(*open(20000), 20000), 100);
}

TEST_F(DecoysTest, AChangeCanComeWhileTheServerRuns) {
  const auto decoys = open(16384);
  ASSERT_TRUE(decoys->set({20000, false}));
  EXPECT_EQ(count(*decoys, 16384), 100);
  clock_.advance(std::chrono::days(3 * 365));
  EXPECT_EQ(count(*decoys, 20000), 100);
}

TEST_F(DecoysTest, NamesOfNobodyFollowQuicklyWhereLoginsDo) {
  EXPECT_EQ(count(*open(16384, true), 16384), 100);
  EXPECT_EQ(count(*open(20000, true), 16384), 100);
  clock_.advance(std::chrono::days(17));
  const int quick = count(*open(20000, true), 20000);
  EXPECT_GT(quick, 30);
  EXPECT_LT(quick, 70);
  // What was once the pace of a change remains so, or names would go back to what they had.
  EXPECT_EQ(count(*open(20000, false), 20000), quick);
  // No login goes back to fewer iterations.
  EXPECT_EQ(count(*open(18000, true), 18000), 0);
  clock_.advance(std::chrono::days(17));
  EXPECT_LT(count(*open(18000, true), 18000), 20);
  clock_.advance(std::chrono::days(3 * 365));
  EXPECT_EQ(count(*open(18000, true), 18000), 100);
}

TEST_F(DecoysTest, ANewNumberComesWithANewSalt) {
  open(16384, true);
  const auto before = open(16384, true)->shape_of("name");
  EXPECT_EQ(before.since, 0);
  open(20000, true);
  clock_.advance(std::chrono::days(3 * 365));
  const auto after = open(20000, true)->shape_of("name");
  EXPECT_EQ(after.iterations, 20000U);
  EXPECT_EQ(after.since, 2'000'000'000);
}

}  // namespace
}  // namespace posthorn::app
