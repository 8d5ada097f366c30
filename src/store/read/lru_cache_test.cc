#include "store/read/lru_cache.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

namespace posthorn::store {
namespace {

using Cache = LruCache<int, std::string, 1>;

constexpr std::size_t kEntry = 1000;  ///< What an entry takes, its overhead included.

void put(Cache& cache, int key) {
  cache.put(key, std::make_shared<const std::string>(std::to_string(key)), kEntry - 128);
}

TEST(LruCache, DropsWhatWasNotUsedForLongest) {
  CacheBudget budget(4 * kEntry);
  Cache cache(budget, 4 * kEntry);
  for (int key = 0; key < 4; ++key) put(cache, key);
  ASSERT_NE(cache.find(0), nullptr);
  put(cache, 4);
  EXPECT_NE(cache.find(0), nullptr);
  EXPECT_EQ(cache.find(1), nullptr);
  EXPECT_EQ(*cache.find(4), "4");
  EXPECT_EQ(budget.used(), 4 * kEntry);
}

TEST(LruCache, AValueThatIsPutAgainCountsOnce) {
  CacheBudget budget(4 * kEntry);
  Cache cache(budget, 4 * kEntry);
  for (int i = 0; i < 10; ++i) put(cache, 7);
  EXPECT_EQ(budget.used(), kEntry);
  cache.erase(7);
  EXPECT_EQ(budget.used(), 0U);
  EXPECT_EQ(cache.find(7), nullptr);
}

TEST(LruCache, AValueThatWouldEmptyTheCacheIsNotKept) {
  CacheBudget budget(8 * kEntry);
  Cache cache(budget, 8 * kEntry);
  put(cache, 1);
  cache.put(2, std::make_shared<const std::string>("large"), 3 * kEntry);
  EXPECT_EQ(cache.find(2), nullptr);
  EXPECT_NE(cache.find(1), nullptr);
}

TEST(LruCache, OneCacheMayUseWhatAnotherDoesNot) {
  CacheBudget budget(8 * kEntry);
  Cache first(budget, 4 * kEntry);
  Cache second(budget, 4 * kEntry);
  for (int key = 0; key < 8; ++key) put(first, key);
  EXPECT_NE(first.find(0), nullptr);
  // The second takes its part back, and no more than that as long as the first has its own.
  for (int key = 0; key < 20; ++key) put(second, key);
  EXPECT_EQ(budget.used(), 8 * kEntry);
  int left = 0;
  for (int key = 0; key < 8; ++key) left += first.find(key) != nullptr ? 1 : 0;
  EXPECT_EQ(left, 4);
  EXPECT_NE(first.find(7), nullptr);
  EXPECT_NE(second.find(19), nullptr);
}

TEST(LruCache, AValueReadBeforeAnErasureIsNotKept) {
  CacheBudget budget(4 * kEntry);
  Cache cache(budget, 4 * kEntry);
  const std::uint64_t before = cache.erasures(1);
  cache.erase(1);
  cache.put_unless_erased(1, std::make_shared<const std::string>("old"), 10, before);
  EXPECT_EQ(cache.find(1), nullptr);
  cache.put_unless_erased(1, std::make_shared<const std::string>("new"), 10, cache.erasures(1));
  EXPECT_NE(cache.find(1), nullptr);
}

TEST(LruCache, ThreadsKeepTheBudget) {
  CacheBudget budget(64 * kEntry);
  LruCache<int, std::string, 4> pages(budget, 48 * kEntry);
  LruCache<int, std::string, 4> records(budget, 16 * kEntry);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 2000; ++i) {
        auto& cache = (i + t) % 2 == 0 ? pages : records;
        cache.put(i % 100, std::make_shared<const std::string>("x"), kEntry - 128);
        cache.erase((i + 50) % 100);
        (void)cache.find(i % 7);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(budget.used(), 64 * kEntry);
}

}  // namespace
}  // namespace posthorn::store
