#include "engine/rados/rados_engine.h"

#include <thread>

#include "engine/rados/test_store.h"
#include "store/nodes/test_node.h"

/// Two stores over one Ceph cluster (POSTHORN_CEPH_CONF; tests/cluster has one).
namespace posthorn::store {
namespace {

class FixedClock final : public Clock {
 public:
  [[nodiscard]] Timestamp now() const override { return {1'790'000'000, 0}; }
};

std::unique_ptr<engine::Engine> open(const engine::rados::TestStore& store) {
  auto opened = engine::open_rados(store.options);
  EXPECT_TRUE(opened) << opened.error().text << ": " << opened.error().cause;
  return std::move(*opened);
}

std::uint32_t messages(const AccountPtr& account, MailboxId mailbox) {
  return account->published()->find(mailbox)->head.messages;
}

TEST(RadosNodes, WhatOneStoreTakesInTheOtherShowsAndNothingIsLost) {
  if (engine::rados::test_conf() == nullptr) GTEST_SKIP() << "no cluster: see tests/cluster";
  const engine::rados::TestStore place;
  const FixedClock clock;
  AccountId id;
  MailboxId inbox;
  {
    const auto first = open(place);
    const auto second = open(place);
    TestNode one(*first, clock);
    TestNode two(*second, clock);
    AccountPtr ann = one.make("ann@example.org");
    ASSERT_TRUE(ann);
    id = ann->id();
    inbox = ann->published()->find("INBOX")->id;
    ASSERT_TRUE(one.append(ann, inbox, "first", 3));
    AccountPtr again = two.open(id);
    ASSERT_TRUE(again);
    EXPECT_EQ(messages(again, inbox), 3U);
    // It is open there, and hears of what comes.
    ASSERT_TRUE(one.append(ann, inbox, "second", 2));
    EXPECT_TRUE(comes_true([&] { return messages(again, inbox) == 5; }));
    // Both at once.
    const auto append = [&](TestNode& node, const AccountPtr& account) {
      for (int i = 0; i < 20; ++i)
        ASSERT_TRUE(node.append(account, inbox, fmt::format("at once {}", i)));
    };
    std::thread other([&] { append(two, again); });
    append(one, ann);
    other.join();
    ASSERT_TRUE(two.expunge(again, inbox, 1, 2));
    EXPECT_TRUE(comes_true([&] { return messages(ann, inbox) == 43; })) << messages(ann, inbox);
    one.expect_sound();
    ann.reset();
    again.reset();
  }
  const auto engine = open(place);
  TestNode node(*engine, clock);
  AccountPtr ann = node.open(id);
  ASSERT_TRUE(ann);
  EXPECT_EQ(messages(ann, inbox), 43U);
  node.expect_sound();
  ann.reset();
}

}  // namespace
}  // namespace posthorn::store
