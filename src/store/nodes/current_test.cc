#include <atomic>
#include <thread>

#include "engine/cluster/cluster.h"
#include "store/nodes/test_node.h"

/// Account::be_current() where no bell is ever heard: what was acknowledged by any node before it
/// was called is shown after it.
namespace posthorn::store {
namespace {

class CurrentTest : public testing::Test {
 protected:
  static engine::ClusterFaults faults() {
    return {.seed = 11,
            .longest_delay = std::chrono::microseconds(150),
            .patience = std::chrono::microseconds(1500),
            .lost_requests = 30,
            .lost_answers = 30,
            .late_requests = 30,
            .lost_bells = 1000};
  }
  static std::uint32_t messages(const AccountPtr& account, MailboxId mailbox) {
    return account->published()->find(mailbox)->head.messages;
  }

  ManualClock clock_{1'790'000'000};
};

TEST_F(CurrentTest, WhatNoBellToldOfIsFound) {
  engine::Cluster cluster({.lost_bells = 1000});
  const auto first = cluster.make_node();
  const auto second = cluster.make_node();
  TestNode one(*first, clock_);
  TestNode two(*second, clock_);
  AccountPtr ann = one.make("ann@example.org");
  const MailboxId inbox = ann->published()->find("INBOX")->id;
  AccountPtr again = two.open(ann->id());
  ASSERT_TRUE(one.append(ann, inbox, "new"));
  EXPECT_EQ(messages(again, inbox), 0U) << "bells are not lost: this test shows nothing";
  ASSERT_TRUE(two.run(again->be_current()));
  EXPECT_EQ(messages(again, inbox), 1U);
  EXPECT_EQ(again->reloads(), 1U);
  // If there is nothing new, nothing is read again.
  ASSERT_TRUE(two.run(again->be_current()));
  ASSERT_TRUE(two.append(again, inbox, "newer"));
  ASSERT_TRUE(two.run(again->be_current()));
  EXPECT_EQ(again->reloads(), 1U);
  // A mailbox that was made elsewhere.
  ASSERT_TRUE(one.change(ann, {}, [](Change& c) -> Status {
    auto made = c.create_mailbox({"Made elsewhere"});
    return made ? Status() : pass(made);
  }));
  EXPECT_FALSE(again->published()->find("Made elsewhere"));
  ASSERT_TRUE(two.run(again->be_current()));
  EXPECT_TRUE(again->published()->find("Made elsewhere"));
  ann.reset();
  again.reset();
}

TEST_F(CurrentTest, WhateverWasAcknowledgedBeforeIsShownAfter) {
  engine::Cluster cluster(faults());
  std::vector<std::unique_ptr<engine::Engine>> engines;
  std::vector<std::unique_ptr<TestNode>> nodes;
  std::vector<AccountPtr> accounts;
  for (int i = 0; i < 3; ++i) {
    engines.push_back(cluster.make_node());
    nodes.push_back(std::make_unique<TestNode>(*engines.back(), clock_));
  }
  const AccountId id = nodes[0]->make("ann@example.org")->id();
  for (const auto& node : nodes) accounts.push_back(node->open(id));
  const MailboxId inbox = accounts[0]->published()->find("INBOX")->id;
  std::atomic<std::uint32_t> acknowledged = 0;
  std::atomic<std::uint32_t> looked = 0;
  std::vector<std::thread> threads;
  for (std::size_t n = 0; n < nodes.size(); ++n) {
    threads.emplace_back([&, n] {
      for (int i = 0; i < 30; ++i)
        if (nodes[n]->append(accounts[n], inbox, fmt::format("{} {}", n, i))) ++acknowledged;
    });
    threads.emplace_back([&, n] {
      for (int i = 0; i < 60; ++i) {
        const std::uint32_t before = acknowledged;
        if (!nodes[n]->run(accounts[n]->be_current())) continue;
        ++looked;
        EXPECT_GE(messages(accounts[n], inbox), before);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  cluster.calm_down();
  EXPECT_GT(acknowledged, 60U);
  EXPECT_GT(looked, 100U);
  for (std::size_t n = 0; n < nodes.size(); ++n) {
    ASSERT_TRUE(nodes[n]->run(accounts[n]->be_current()));
    EXPECT_GE(messages(accounts[n], inbox), acknowledged);
  }
  accounts.clear();
  nodes.clear();
}

}  // namespace
}  // namespace posthorn::store
