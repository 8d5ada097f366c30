#include "app/machine/disk_watch.h"

#include <gtest/gtest.h>

#include <vector>

namespace posthorn::app {
namespace {

class DiskWatchTest : public testing::Test {
 protected:
  bool low_with(std::uint64_t free) {
    space_.free = free;
    watch_.look();
    EXPECT_EQ(watch_.is_low(), low_);
    return low_;
  }

  DiskWatch::Space space_{1000, 1000};
  bool known_ = true;
  bool low_ = false;
  int told_ = 0;
  DiskWatch watch_{[this]() -> std::optional<DiskWatch::Space> {
                     if (!known_) return std::nullopt;
                     return space_;
                   },
                   config::MinFree{400, 100},
                   [this](bool low) {
                     low_ = low;
                     ++told_;
                   }};
};

TEST_F(DiskWatchTest, TellsOnceThatItBeginsAndOnceThatItEnds) {
  EXPECT_FALSE(low_with(400));
  EXPECT_EQ(told_, 0);
  EXPECT_TRUE(low_with(399));
  EXPECT_TRUE(low_with(10));
  EXPECT_EQ(told_, 1);
  EXPECT_TRUE(low_with(400)) << "a quarter more has to be free";
  EXPECT_TRUE(low_with(499));
  EXPECT_FALSE(low_with(500));
  EXPECT_FALSE(low_with(401));
  EXPECT_EQ(told_, 2);
}

TEST_F(DiskWatchTest, FollowsTheSetting) {
  EXPECT_FALSE(low_with(450));
  watch_.set({UINT64_MAX, 50});
  EXPECT_TRUE(low_with(450));
  watch_.set({0, 100});
  EXPECT_FALSE(low_with(0)) << "0 switches it off";
  watch_.set({5000, 100});
  EXPECT_FALSE(low_with(1000)) << "more than the disk has: all of it";
  EXPECT_TRUE(low_with(999));
}

TEST_F(DiskWatchTest, ADiskThatCannotBeMeasuredChangesNothing) {
  EXPECT_TRUE(low_with(1));
  known_ = false;
  EXPECT_TRUE(low_with(900));
  EXPECT_EQ(told_, 1);
}

TEST(MeasureSpace, KnowsThisDiskAndNotWhatDoesNotExist) {
  const auto space = measure_space("/")();
  ASSERT_TRUE(space);
  EXPECT_GT(space->total, 0U);
  EXPECT_LE(space->free, space->total);
  EXPECT_FALSE(measure_space("/no/such/folder")());
}

}  // namespace
}  // namespace posthorn::app
