#include "async/shares.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "async/event.h"
#include "async/gate.h"
#include "async/run.h"

namespace posthorn::async {
namespace {

using ::testing::ElementsAre;

PartitionId owner(std::uint8_t n) {
  PartitionId id;
  id.bytes.back() = static_cast<decltype(id.bytes)::value_type>(n);
  return id;
}

/// Waits for one turn after the other, and keeps them.
Task<void> wait_for(Shares& shares, std::uint8_t who, int turns, std::vector<int>& order,
                    std::vector<std::shared_ptr<void>>& kept) {
  for (int i = 0; i < turns; ++i) {
    auto turn = co_await shares.take(owner(who));
    order.push_back(who);
    kept.push_back(std::move(turn));
  }
}

TEST(Shares, OneOwnerMayHaveAllTurnsWhileNobodyElseWaits) {
  run_blocking([]() -> Task<void> {
    Shares shares(3);
    std::vector<std::shared_ptr<void>> turns;
    for (int i = 0; i < 3; ++i) turns.push_back(co_await shares.take(owner(1)));
    EXPECT_FALSE(shares.is_wanted());
  }());
}

TEST(Shares, WhoHasTheFewestTurnsComesFirst) {
  run_blocking([]() -> Task<void> {
    Shares shares(2);
    std::vector<std::shared_ptr<void>> first{co_await shares.take(owner(1)),
                                             co_await shares.take(owner(1))};
    std::vector<int> order;
    std::vector<std::shared_ptr<void>> kept;
    Gate gate;
    // The first has much work and waits for longer than the others.
    for (int i = 0; i < 5; ++i) gate.spawn(wait_for(shares, 1, 1, order, kept));
    gate.spawn(wait_for(shares, 2, 1, order, kept));
    gate.spawn(wait_for(shares, 3, 1, order, kept));
    EXPECT_TRUE(shares.is_wanted());
    EXPECT_THAT(order, ElementsAre());
    first.pop_back();
    co_await sleep_for(std::chrono::milliseconds(1));
    EXPECT_THAT(order, ElementsAre(2)) << "one ended, one came";
    first.pop_back();
    co_await sleep_for(std::chrono::milliseconds(1));
    EXPECT_THAT(order, ElementsAre(2, 1)) << "the third came after the first had its last turn";
    while (gate.running() > 0) {
      if (!kept.empty()) kept.erase(kept.begin());
      co_await sleep_for(std::chrono::milliseconds(1));
    }
    co_await gate.wait_empty();
    EXPECT_THAT(order, ElementsAre(2, 1, 3, 1, 1, 1, 1));
    EXPECT_FALSE(shares.is_wanted());
  }());
}

TEST(Shares, OwnersAreServedInTurn) {
  run_blocking([]() -> Task<void> {
    Shares shares(1);
    std::vector<std::shared_ptr<void>> kept{co_await shares.take(owner(9))};
    std::vector<int> order;
    Gate gate;
    for (std::uint8_t who = 1; who <= 3; ++who) gate.spawn(wait_for(shares, who, 2, order, kept));
    while (gate.running() > 0) {
      if (!kept.empty()) kept.erase(kept.begin());
      co_await sleep_for(std::chrono::milliseconds(1));
    }
    co_await gate.wait_empty();
    // Each has its first turn before anybody has a second one.
    EXPECT_EQ(order.size(), 6U);
    order.resize(6);
    const std::vector<int> firsts(order.begin(), order.begin() + 3);
    EXPECT_THAT(firsts, ::testing::UnorderedElementsAre(1, 2, 3));
  }());
}

}  // namespace
}  // namespace posthorn::async
