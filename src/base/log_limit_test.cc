#include "base/log_limit.h"

#include <gtest/gtest.h>

namespace posthorn::log {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const LineLimit::Clock::time_point kStart = LineLimit::Clock::time_point() + std::chrono::hours(1);

TEST(LineLimit, AFloodOfOneCauseIsBoundedAndCounted) {
  LineLimit limit(20, seconds(1));
  std::uint64_t written = 0;
  std::uint64_t told = 0;
  for (int i = 0; i < 29'000; ++i) {
    const LineLimit::Verdict verdict = limit.admit(7, kStart + i * milliseconds(8000) / 29'000);
    written += verdict.write ? 1 : 0;
    told += verdict.left_out;
  }
  EXPECT_GE(written, 20U);
  EXPECT_LE(written, 29U);
  const LineLimit::Verdict next = limit.admit(7, kStart + seconds(60));
  EXPECT_TRUE(next.write);
  EXPECT_EQ(told + next.left_out + written, 29'000U);
  EXPECT_EQ(limit.take_left_out(kStart + seconds(61)), 0U) << "they were told with the line";
}

TEST(LineLimit, CausesDoNotTakeFromEachOther) {
  LineLimit limit(2, seconds(1));
  for (int i = 0; i < 100; ++i) (void)limit.admit(1, kStart);
  EXPECT_TRUE(limit.admit(2, kStart).write);
  EXPECT_FALSE(limit.admit(1, kStart).write);
}

TEST(LineLimit, WhatWasLeftOutCanBeToldWithoutAnotherLineOfTheCause) {
  LineLimit limit(1, seconds(1));
  for (int i = 0; i < 11; ++i) (void)limit.admit(1, kStart);
  EXPECT_EQ(limit.take_left_out(kStart + seconds(1)), 10U);
  EXPECT_EQ(limit.take_left_out(kStart + seconds(200)), 0U);
  EXPECT_EQ(limit.admit(1, kStart + seconds(201)).left_out, 0U) << "it is told once";
}

TEST(LineLimit, InventedCausesDoNotTakeMemoryNorPassTheBound) {
  LineLimit limit(2, seconds(1));
  std::uint64_t written = 0;
  for (std::uint64_t cause = 0; cause < 100'000; ++cause)
    written += limit.admit(cause, kStart).write ? 1 : 0;
  EXPECT_LE(written, LineLimit::kMaxCauses + 2);
  // After a minute, all of these have a full allowance again and make room for others.
  EXPECT_TRUE(limit.admit(1'000'000, kStart + seconds(60)).write);
  EXPECT_TRUE(limit.admit(1'000'001, kStart + seconds(60)).write);
  EXPECT_TRUE(limit.admit(1'000'002, kStart + seconds(60)).write);
}

}  // namespace
}  // namespace posthorn::log
