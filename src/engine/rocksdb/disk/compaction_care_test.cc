#include "engine/rocksdb/disk/compaction_care.h"

#include <gtest/gtest.h>

namespace posthorn::engine::rocks {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

class CompactionCareTest : public testing::Test {
 protected:
  /// Returns what was turned, as "family on" or "family off".
  std::string tend() {
    std::string turned;
    next_ = care_.tend(now_, [&](const std::string& family, bool on) {
      turned += family + (on ? " on" : " off");
      return possible_;
    });
    return turned;
  }
  CompactionCare care_;
  CompactionCare::Clock::time_point now_ = CompactionCare::Clock::time_point() + minutes(1000);
  std::optional<CompactionCare::Clock::time_point> next_;
  bool possible_ = true;
};

TEST_F(CompactionCareTest, AFamilyIsTurnedOffForLongerEachTime) {
  EXPECT_EQ(tend(), "");
  EXPECT_FALSE(next_);
  for (const minutes pause : {minutes(1), minutes(2), minutes(4)}) {
    care_.failed("rows", "bad block", now_);
    EXPECT_EQ(tend(), "rows off");
    ASSERT_TRUE(next_);
    EXPECT_EQ(*next_ - now_, pause);
    now_ += pause - seconds(1);
    EXPECT_EQ(tend(), "");
    now_ += seconds(1);
    EXPECT_EQ(tend(), "rows on");
    EXPECT_FALSE(next_);
  }
  for (int i = 0; i < 20; ++i) {
    care_.failed("rows", "bad block", now_);
    EXPECT_EQ(tend(), "rows off");
    EXPECT_LE(*next_ - now_, CompactionCare::kLongestPause);
    now_ = *next_;
    EXPECT_EQ(tend(), "rows on");
  }
}

TEST_F(CompactionCareTest, OneThatFailsLongAfterBeginsAnew) {
  care_.failed("rows", "bad block", now_);
  tend();
  now_ = *next_;
  tend();
  now_ += minutes(10);
  care_.failed("rows", "bad block", now_);
  tend();
  EXPECT_EQ(*next_ - now_, minutes(1));
}

TEST_F(CompactionCareTest, WhatCouldNotBeTurnedIsTriedAgain) {
  possible_ = false;
  care_.failed("rows", "bad block", now_);
  EXPECT_EQ(tend(), "rows off");
  EXPECT_EQ(tend(), "rows off");
  possible_ = true;
  EXPECT_EQ(tend(), "rows off");
  EXPECT_EQ(tend(), "");
}

TEST_F(CompactionCareTest, ADatabaseOpenedAnewHasThemOn) {
  care_.failed("rows", "bad block", now_);
  EXPECT_EQ(tend(), "rows off");
  care_.reset();
  EXPECT_EQ(tend(), "");
  care_.failed("rows", "bad block", now_);
  EXPECT_EQ(tend(), "rows off");
  EXPECT_EQ(*next_ - now_, minutes(2));
}

TEST_F(CompactionCareTest, TheSameFailureIsLoggedOnce) {
  testing::internal::CaptureStderr();
  for (int i = 0; i < 10; ++i) care_.failed("rows", "bad block in 000012.sst", now_);
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_NE(log.find("000012.sst"), std::string::npos);
  EXPECT_EQ(log.find("000012.sst"), log.rfind("000012.sst"));
}

}  // namespace
}  // namespace posthorn::engine::rocks
