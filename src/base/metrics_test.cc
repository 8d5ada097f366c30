#include "base/metrics.h"

#include <gtest/gtest.h>

namespace posthorn::metrics {
namespace {

using std::chrono::nanoseconds;

TEST(Counter, Counts) {
  Counter counter;
  counter.add();
  counter.add(4);
  EXPECT_EQ(counter.value(), 5U);
}

std::size_t bucket_of(nanoseconds took) {
  Durations durations;
  durations.add(took);
  const auto counts = durations.counts();
  EXPECT_EQ(counts.all(), 1U);
  for (std::size_t i = 0; i < Durations::kBuckets; ++i)
    if (counts.buckets[i] == 1) return i;
  return Durations::kBuckets;
}

TEST(Durations, ABoundBelongsToTheBucketThatItEnds) {
  for (std::size_t i = 0; i + 1 < Durations::kBuckets; ++i) {
    const nanoseconds bound = Durations::bound_of(i);
    EXPECT_EQ(bucket_of(bound), i);
    EXPECT_EQ(bucket_of(bound + nanoseconds(1)), i + 1);
  }
}

TEST(Durations, EveryTimeHasABucket) {
  EXPECT_EQ(bucket_of(nanoseconds(0)), 0U);
  EXPECT_EQ(bucket_of(nanoseconds(-5)), 0U);
  EXPECT_EQ(bucket_of(nanoseconds::max()), Durations::kBuckets - 1);
}

TEST(Durations, HaveASum) {
  Durations durations;
  durations.add(nanoseconds(3));
  durations.add(nanoseconds(4'000'000));
  EXPECT_EQ(durations.counts().sum, nanoseconds(4'000'003));
  EXPECT_EQ(durations.counts().all(), 2U);
}

}  // namespace
}  // namespace posthorn::metrics
