#include "store/nodes/node_list.h"

#include <gtest/gtest.h>

#include <set>

#include "async/wait.h"
#include "engine/memory/memory_engine.h"
#include "store/format/keys.h"
#include "store/format/system.h"

namespace posthorn::store {
namespace {

using namespace std::chrono_literals;

AccountId account(std::uint8_t number) {
  AccountId id;
  id.bytes.front() = number;
  id.bytes.back() = 7;
  return id;
}

class NodeListTest : public testing::Test {
 protected:
  /// Some seconds after the test began.
  bool beat(NodeList& list, std::chrono::seconds at) {
    const auto changed = async::wait(list.beat(begun_ + at));
    EXPECT_TRUE(changed) << changed.error().text;
    return changed && *changed;
  }
  static std::size_t owned(const NodeList& list) {
    std::size_t count = 0;
    for (std::uint32_t i = 0; i < NodeList::kShards; ++i)
      count += list.owns(account(static_cast<std::uint8_t>(i))) ? 1 : 0;
    return count;
  }

  engine::MemoryEngine engine_;
  ManualClock clock_{1'790'000'000};
  const NodeList::Steady::time_point begun_ = NodeList::Steady::now();
};

TEST_F(NodeListTest, EachShardHasOneNode) {
  NodeList one(engine_, clock_, 11);
  NodeList two(engine_, clock_, 22);
  NodeList three(engine_, clock_, 33);
  EXPECT_EQ(owned(one), NodeList::kShards) << "nobody has said anything";
  for (int round = 0; round < 2; ++round)
    for (NodeList* list : {&one, &two, &three}) beat(*list, 10s * round);
  for (std::uint32_t i = 0; i < 256; ++i) {
    const AccountId id = account(static_cast<std::uint8_t>(i));
    EXPECT_EQ(int{one.owns(id)} + int{two.owns(id)} + int{three.owns(id)}, 1) << i;
  }
  for (const NodeList* list : {&one, &two, &three}) {
    EXPECT_GT(owned(*list), 8U);
    EXPECT_EQ(list->list().size(), 3U);
  }
}

TEST_F(NodeListTest, WhoDoesNotMoveIsGoneWhateverItsClockSays) {
  NodeList one(engine_, clock_, 11);
  ManualClock other_clock(1'790'000'000 + 86'400);
  NodeList two(engine_, other_clock, 22);
  beat(two, 0s);
  EXPECT_TRUE(beat(one, 0s));
  EXPECT_LT(owned(one), NodeList::kShards);
  EXPECT_FALSE(beat(one, 10s));
  beat(two, 20s);
  EXPECT_FALSE(beat(one, 30s));
  EXPECT_FALSE(beat(one, 60s)) << "it moved less than 35 s before";
  EXPECT_TRUE(beat(one, 70s));
  EXPECT_EQ(owned(one), NodeList::kShards);
  EXPECT_FALSE(one.list().back().lives);
  // It slept, and is back.
  beat(two, 80s);
  EXPECT_TRUE(beat(one, 80s));
  EXPECT_LT(owned(one), NodeList::kShards);
}

TEST_F(NodeListTest, WhoLeavesHasNothingAtOnce) {
  NodeList one(engine_, clock_, 11);
  NodeList two(engine_, clock_, 22);
  beat(two, 0s);
  beat(one, 0s);
  two.leave();
  EXPECT_EQ(owned(two), 0U);
  EXPECT_FALSE(beat(two, 5s)) << "it does not come back";
  EXPECT_TRUE(beat(one, 10s));
  EXPECT_EQ(owned(one), NodeList::kShards);
  EXPECT_EQ(one.list().size(), 1U);
}

TEST_F(NodeListTest, RowsOfTheDeadAreForgottenAndDamagedOnesPassedOver) {
  NodeList one(engine_, clock_, 11);
  NodeList two(engine_, clock_, 22);
  beat(two, 0s);
  engine_.hint(nodes_partition(), {{std::string(keys::kNodes) + "damaged", std::string("x")}});
  beat(one, 0s);
  EXPECT_EQ(one.list().size(), 2U);
  clock_.advance(std::chrono::hours(2));
  beat(one, 20s);
  beat(one, 40s);
  beat(one, 50s);
  EXPECT_EQ(one.list().size(), 1U);
}

TEST(NodeRow, IsWhatItWas) {
  const NodeRow row{0x1234567890abcdef, "mail.example.org", "1.2", 5, 9, 300};
  const std::string stored = encode_node(row);
  const auto read = decode_node(stored);
  ASSERT_TRUE(read);
  EXPECT_EQ(
      std::tuple(read->node, read->host, read->version, read->since, read->clock, read->beats),
      std::tuple(row.node, row.host, row.version, row.since, row.clock, row.beats));
  for (std::size_t size = 0; size < stored.size(); ++size)
    EXPECT_FALSE(decode_node(std::string_view(stored).substr(0, size)));
}

}  // namespace
}  // namespace posthorn::store
