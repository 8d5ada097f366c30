#include "store/value/persistent_map.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <random>
#include <vector>

namespace posthorn::store {
namespace {

using Map = PersistentMap<int, int>;

std::map<int, int> all(const Map& map) {
  std::map<int, int> out;
  int last = -1;
  for (const auto& [key, value] : map) {
    EXPECT_LT(last, key);
    last = key;
    out.emplace(key, value);
  }
  return out;
}

TEST(PersistentMapTest, IsTheMapItIsMeantToBeAndLeavesItsCopiesAlone) {
  std::mt19937 random{5};
  Map map;
  std::map<int, int> plain;
  std::vector<std::pair<Map, std::map<int, int>>> kept;
  for (int i = 0; i < 6000; ++i) {
    const int key = static_cast<int>(random() % 700);
    if (random() % 3 != 0) {
      map.set(key, i);
      plain[key] = i;
    } else {
      map.erase(key);
      plain.erase(key);
    }
    ASSERT_EQ(map.size(), plain.size());
    if (i % 500 == 0) kept.emplace_back(map, plain);
  }
  EXPECT_EQ(all(map), plain);
  for (const auto& [copy, then] : kept) EXPECT_EQ(all(copy), then);
  for (int key = 0; key < 700; ++key) {
    const int* found = map.find(key);
    ASSERT_EQ(found != nullptr, plain.contains(key));
    if (found != nullptr) EXPECT_EQ(*found, plain[key]);
  }
}

struct Counted {
  static inline int made = 0;
  int value = 0;
  explicit Counted(int v) : value(v) {}
  Counted(const Counted& other) : value(other.value) { ++made; }
  Counted& operator=(const Counted&) = default;
};

TEST(PersistentMapTest, AChangeCopiesAPathOnly) {
  PersistentMap<int, Counted> map;
  for (int i = 0; i < 20'000; ++i) map.set(i, Counted(i));  // Ascending, the worst order.
  const auto copy = map;
  Counted::made = 0;
  for (int i = 0; i < 200; ++i) map.set(i * 97, Counted(-1));
  // At most 1.44 log2(n) nodes; each entry is copied a few times on its way into its node.
  EXPECT_LT(Counted::made, 200 * 4 * 21);
  EXPECT_EQ(copy.find(97)->value, 97);
  EXPECT_EQ(map.find(97)->value, -1);
}

}  // namespace
}  // namespace posthorn::store
