#include "auth/hash_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <optional>
#include <string>
#include <vector>

namespace posthorn::auth {
namespace {

using testing::ElementsAre;

/// One thread, which is busy until release().
class HashQueueTest : public testing::Test {
 protected:
  HashQueueTest() {
    std::promise<void> busy;
    EXPECT_TRUE(pool_->submit([&busy, go = go_.get_future().share()] {
      busy.set_value();
      go.wait();
    }));
    busy.get_future().wait();
  }
  ~HashQueueTest() override {
    if (pool_) release();
  }

  bool submit(const std::string& peer, const std::string& name) {
    return queue_.submit(peer, [this, name] { done_.push_back(name); });
  }
  /// Finishes all jobs.
  void release() {
    go_.set_value();
    pool_.reset();
  }

  std::promise<void> go_;
  std::vector<std::string> done_;
  std::optional<async::OffloadPool> pool_{std::in_place, 1, 100};
  HashQueue queue_{*pool_, {.total = 6, .per_network = 3}};
};

TEST_F(HashQueueTest, NetworksTakeTurns) {
  EXPECT_TRUE(submit("192.0.2.1:1", "a1"));
  EXPECT_TRUE(submit("192.0.2.2:1", "a2"));
  EXPECT_TRUE(submit("192.0.2.3:1", "a3"));
  EXPECT_TRUE(submit("[2001:db8:1:1::1]:1", "b1"));
  EXPECT_TRUE(submit("[2001:db8:1:2::1]:1", "b2"));
  EXPECT_TRUE(submit("198.51.100.1:1", "c1"));
  release();
  EXPECT_THAT(done_, ElementsAre("a1", "b1", "c1", "a2", "b2", "a3"));
}

TEST_F(HashQueueTest, RefusesWhatIsTooMuchForANetworkOrInAll) {
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(submit(fmt::format("192.0.2.{}:1", i), "a"));
  EXPECT_FALSE(submit("192.0.2.77:1", "a"));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(submit(fmt::format("198.51.{}.1:1", i), "b"));
  EXPECT_FALSE(submit("203.0.113.1:1", "c"));
  release();
  EXPECT_EQ(done_.size(), 6U);
}

}  // namespace
}  // namespace posthorn::auth
