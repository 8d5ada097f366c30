#include "store/read/record_cache.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace posthorn::store {
namespace {

std::shared_ptr<const EmailRecord> record(std::string header) {
  EmailRecord made;
  made.header = std::move(header);
  return std::make_shared<const EmailRecord>(std::move(made));
}

constexpr AccountId kAnn{{'a'}};
constexpr AccountId kBen{{'b'}};

TEST(RecordCache, FindsNeighboursInOneRun) {
  CacheBudget budget(1'000'000);
  RecordCache cache(budget, 1'000'000);
  cache.put(kAnn, Ordinal(64), record("first"));
  cache.put(kAnn, Ordinal(95), record("last"));
  cache.put(kAnn, Ordinal(96), record("next"));
  const auto run = cache.find(kAnn, Ordinal(70));
  ASSERT_NE(run, nullptr);
  EXPECT_EQ(run->find(Ordinal(64))->header, "first");
  EXPECT_EQ(run->find(Ordinal(95))->header, "last");
  EXPECT_EQ(run->find(Ordinal(70)), nullptr);
  EXPECT_NE(cache.find(kAnn, Ordinal(96)), run);
  EXPECT_EQ(cache.find(kBen, Ordinal(64)), nullptr);
}

TEST(RecordCache, WhatIsPutAgainCountsOnceAndIsNotReplaced) {
  CacheBudget budget(1'000'000);
  RecordCache cache(budget, 1'000'000);
  cache.put(kAnn, Ordinal(1), record("text"));
  const std::size_t used = budget.used();
  const auto run = cache.find(kAnn, Ordinal(1));
  const EmailRecord* const before = run->find(Ordinal(1));
  cache.put(kAnn, Ordinal(1), record("text"));
  EXPECT_EQ(budget.used(), used);
  EXPECT_EQ(run->find(Ordinal(1)), before);
}

TEST(RecordCache, KeepsItsBudgetAndGivesAllOfARunBack) {
  CacheBudget budget(100'000);
  RecordCache cache(budget, 100'000);
  for (std::uint64_t i = 0; i < 1000; ++i)
    cache.put(kAnn, Ordinal(i), record(std::string(1000, 'x')));
  EXPECT_LE(budget.used(), 100'000U);
  EXPECT_GT(budget.used(), 50'000U);
  EXPECT_EQ(cache.find(kAnn, Ordinal(0)), nullptr);
  EXPECT_NE(cache.find(kAnn, Ordinal(999)), nullptr);
  EXPECT_EQ(cache.use().bytes, budget.used());
}

TEST(RecordCache, ARecordThatWouldEmptyTheCacheIsNotKept) {
  CacheBudget budget(100'000);
  RecordCache cache(budget, 100'000);
  cache.put(kAnn, Ordinal(1), record(std::string(30'000, 'x')));
  EXPECT_EQ(cache.find(kAnn, Ordinal(1)), nullptr);
  EXPECT_EQ(budget.used(), 0U);
}

TEST(RecordCache, ARunThatWasDroppedStaysValid) {
  CacheBudget budget(50'000);
  RecordCache cache(budget, 50'000);
  cache.put(kAnn, Ordinal(1), record("kept by its reader"));
  const auto run = cache.find(kAnn, Ordinal(1));
  for (std::uint64_t i = 1000; i < 2000; ++i)
    cache.put(kAnn, Ordinal(i), record(std::string(1000, 'x')));
  ASSERT_EQ(cache.find(kAnn, Ordinal(1)), nullptr);
  EXPECT_EQ(run->find(Ordinal(1))->header, "kept by its reader");
}

TEST(RecordCache, ManyThreadsMayPutAndFind) {
  CacheBudget budget(200'000);
  RecordCache cache(budget, 200'000);
  std::vector<std::jthread> threads;
  threads.reserve(4);
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (std::uint64_t i = 0; i < 3000; ++i) {
        const Ordinal ordinal(i % 500);
        cache.put(kAnn, ordinal, record(std::to_string(ordinal.value)));
        const auto run = cache.find(kAnn, ordinal);
        const EmailRecord* const found = run ? run->find(ordinal) : nullptr;
        if (found != nullptr) {
          EXPECT_EQ(found->header, std::to_string(ordinal.value));
        }
      }
    });
  threads.clear();
  EXPECT_EQ(cache.use().bytes, budget.used());
}

}  // namespace
}  // namespace posthorn::store
