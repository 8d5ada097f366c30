#include "engine/rocksdb/disk/disk_room.h"

#include <gtest/gtest.h>

#include <thread>

namespace posthorn::engine::rocks {
namespace {

constexpr std::uint64_t kMiB = 1UL << 20;

class DiskRoomTest : public testing::Test {
 protected:
  bool has_room() {
    std::this_thread::sleep_for(std::chrono::milliseconds(120));  // It checks every 100 ms.
    return room_.check().has_value();
  }
  std::optional<DiskRoom::Space> space_ = DiskRoom::Space{10'000 * kMiB, 9'000 * kMiB};
  DiskRoom room_{64 * kMiB, [this] { return space_; }};
};

TEST_F(DiskRoomTest, NothingIsTakenBelowTheReserveAndNotToAndFroAtItsBound) {
  EXPECT_TRUE(has_room());
  space_->free = 64 * kMiB - 1;
  EXPECT_FALSE(has_room());
  space_->free = 65 * kMiB;
  EXPECT_FALSE(has_room()) << "a quarter more has to be free";
  space_->free = 80 * kMiB;
  EXPECT_TRUE(has_room());
  space_->free = 65 * kMiB;
  EXPECT_TRUE(has_room());
}

TEST_F(DiskRoomTest, OfASmallDiskNoMoreThanASixteenthIsKept) {
  space_ = DiskRoom::Space{80 * kMiB, 6 * kMiB};
  EXPECT_TRUE(has_room());
  space_->free = 4 * kMiB;
  EXPECT_FALSE(has_room());
}

TEST_F(DiskRoomTest, WhatCannotBeMeasuredIsNoReasonToRefuse) {
  space_.reset();
  EXPECT_TRUE(has_room());
}

TEST_F(DiskRoomTest, TheErrorIsOneThatPasses) {
  space_->free = 0;
  std::this_thread::sleep_for(std::chrono::milliseconds(120));
  const Status room = room_.check();
  ASSERT_FALSE(room);
  EXPECT_EQ(room.error().kind, ErrorKind::unavailable);
}

}  // namespace
}  // namespace posthorn::engine::rocks
