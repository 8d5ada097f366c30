#include "engine/rados/rados_engine.h"

#include <atomic>
#include <random>
#include <set>
#include <thread>

#include "engine/conformance_fixture.h"
#include "engine/rados/pieces.h"
#include "engine/rados/reads.h"
#include "engine/rados/test_store.h"

/// What only several nodes, or a look at the objects, can show. Needs a cluster
/// (POSTHORN_CEPH_CONF); tests/cluster has one.
namespace posthorn::engine::rados {
namespace {

using namespace conformance;

class RadosEngineTest : public testing::Test {
 protected:
  void SetUp() override {
    if (test_conf() == nullptr) GTEST_SKIP() << "no cluster: see tests/cluster";
    store_.emplace();
    one_ = open();
    two_ = open();
    auto connected = Connection::open(store_->options);
    ASSERT_TRUE(connected);
    connection_ = std::move(*connected);
  }
  std::unique_ptr<Engine> open() {
    auto opened = open_rados(store_->options);
    EXPECT_TRUE(opened) << opened.error().text << ": " << opened.error().cause;
    return std::move(*opened);
  }
  Connection& objects() { return *connection_; }
  void put_row(const std::string& object, std::string key, std::string value) {
    WriteOp op;
    op.set_row(std::move(key), std::move(value));
    ASSERT_EQ(async::wait(objects().write(Pool::rows, object, std::move(op))).code, 0);
  }

  std::optional<TestStore> store_;
  std::unique_ptr<Connection> connection_;
  std::unique_ptr<Engine> one_;
  std::unique_ptr<Engine> two_;
};

TEST_F(RadosEngineTest, NodesSeeAndHearOfEachOthersCommits) {
  std::promise<PartitionVersion> heard;
  two_->listen([&](const Bell& bell) { heard.set_value(bell.version); });
  ASSERT_EQ(said(commit(*one_, change(partition(1), 0, {put("a", "1")}, 5))), "5");
  EXPECT_EQ(heard.get_future().get(), (PartitionVersion{Seq{5}, 1, 0}));
  two_->listen(nullptr);
  EXPECT_EQ(row(*two_, partition(1), "a"), "1");
  EXPECT_EQ(all_of(async::wait(two_->version(partition(1)))), "5 1 0");
  // Of the same tail, and yet outdated.
  EXPECT_EQ(all_of(commit(*one_, change(partition(1), 1, {put("a", "2")}, 0))), "5 2 2");
  EXPECT_EQ(said(commit(*two_, change(partition(1), 1, {put("a", "3")}))), "<conflict 2>");
  one_->close();
  EXPECT_EQ(said(commit(*two_, change(partition(1), 2, {put("a", "3")}))), "6");
}

/// A full cluster refuses what adds octets to an object, and does not count rows.
TEST_F(RadosEngineTest, ACommitWithNewMailAddsAnOctetUntilThePartitionIsPacked) {
  const auto p = partition(1);
  const auto octets = [&] {
    ReadOp op;
    op.stat();
    EXPECT_EQ(async::wait(objects().read(Pool::rows, partition_object(p), op)).code, 0);
    return op.size();
  };
  Commit mail = change(p, 0, {put("a", "1")});
  mail.carry.new_mail = true;
  ASSERT_EQ(said(commit(*one_, std::move(mail))), "1");
  EXPECT_EQ(octets(), 1U);
  ASSERT_EQ(said(commit(*one_, change(p, 1, {put("a", "2")}))), "2");
  EXPECT_EQ(octets(), 1U);
  mail = change(p, 2, {put("b", "1")});
  mail.carry.new_mail = true;
  ASSERT_EQ(said(commit(*two_, std::move(mail))), "3");
  EXPECT_EQ(octets(), 2U);
  ASSERT_EQ(said(commit(*one_, change(p, 3, {put("c", "1")}, 0))), "3");
  EXPECT_EQ(octets(), 0U);
}

/// What a commit carried that another node was faster than is not left behind as a page.
TEST_F(RadosEngineTest, TheLoserOfARaceLeavesNoPages) {
  const auto p = partition(1);
  ASSERT_EQ(said(commit(*one_, change(p, 0, {put("a", "1")}))), "1");
  ASSERT_EQ(said(async::wait(two_->version(p))), "1");  // From now on it knows the header.
  ASSERT_EQ(said(commit(*one_, change(p, 1, {put("a", "2")}))), "2");
  Commit late = change(p, 1, {put("a", "3")});
  late.carry.pages = {{PageNumber{7}, "page"}, {PageNumber{8}, std::string(100'000, 'x')}};
  EXPECT_EQ(said(commit(*two_, std::move(late))), "<conflict 2>");
  EXPECT_EQ(row(*two_, p, "a"), "2");
  EXPECT_TRUE(one_->pages(p, PageNumber{0}, 9)->empty());
  EXPECT_EQ(said(async::wait(one_->read_page(p, PageNumber{7}))), "<not_found>");
  EXPECT_EQ(said(async::wait(one_->read_page(p, PageNumber{8}))), "<not_found>");
}

TEST_F(RadosEngineTest, EveryAnswerOfContendingNodesIsTrue) {
  const auto p = partition(1);
  std::vector<std::set<std::string>> acknowledged(3);
  std::atomic<int> conflicts = 0;
  std::vector<std::thread> threads;
  for (std::size_t n = 0; n < acknowledged.size(); ++n) {
    threads.emplace_back([&, n] {
      const auto node = open();
      for (int i = 0; i < 60; ++i) {
        auto version = async::wait(node->version(p));
        ASSERT_TRUE(version);
        // A chain of three, each computed from the one before.
        std::vector<std::pair<std::string, std::future<Result<PartitionVersion>>>> chain;
        for (int k = 0; k < 3; ++k) {
          const std::string key = fmt::format("{}-{}-{}", n, i, k);
          chain.emplace_back(key, start(*node, {p, *version, 1, {put(key, "")}, {}}));
          version = version->after(1);
        }
        for (auto& [key, outcome] : chain) {
          if (outcome.get()) {
            acknowledged[n].insert(key);
          } else {
            ++conflicts;
          }
        }
      }
      node->close();
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::set<std::string> expected;
  for (const auto& keys : acknowledged) expected.insert(keys.begin(), keys.end());
  const auto scanned = async::wait(one_->scan(p, "", "", 10'000));
  ASSERT_TRUE(scanned);
  std::set<std::string> stored;
  for (const Row& found : scanned->rows) stored.insert(found.key);
  EXPECT_EQ(stored, expected);
  EXPECT_EQ(scanned->version.tail.value, expected.size());
  EXPECT_GT(conflicts, 10);
}

/// A header whose `bump` was moved, as a node does that takes the place of its own commit, is no
/// conflict for another node: the rows are still right.
TEST_F(RadosEngineTest, ACommitGoesOnFromAHeaderThatWasOnlyBumped) {
  const auto p = partition(1);
  ASSERT_EQ(said(commit(*one_, change(p, 0, {put("a", "1")}))), "1");
  auto header = async::wait(read_header(objects(), p));
  ASSERT_TRUE(header);
  header->bump = 77;
  put_row(partition_object(p), std::string(kHeaderRow), header->encode());
  EXPECT_EQ(said(commit(*one_, change(p, 1, {put("a", "2")}))), "2");
  EXPECT_EQ(async::wait(read_header(objects(), p))->bump, 77U);
}

/// A delivery on one node that races with the sweep on another must not lose mail.
TEST_F(RadosEngineTest, AHoldOfAnotherNodeAtAnyStepOfTheSweepKeepsThePiece) {
  for (int step = 0; step < 4; ++step) {
    const PieceName name = piece(static_cast<std::uint8_t>(10 + step));
    ASSERT_TRUE(one_->hold(hold_of(name, "bytes", 100), partition(1)));
    const auto deliver_at = [&](int at) {
      if (at == step) ASSERT_TRUE(two_->hold(hold_of(name, "bytes", 500), partition(2)));
    };
    deliver_at(0);
    ASSERT_TRUE(one_->unhold(name, partition(1), 100));
    deliver_at(1);
    const auto seen = one_->inspect(name);
    ASSERT_TRUE(seen && *seen);
    deliver_at(2);
    if ((*seen)->holders.empty())
      EXPECT_EQ(one_->erase(name, (*seen)->version).value(), step == 3) << step;
    deliver_at(3);
    EXPECT_EQ(said(async::wait(one_->read_piece(name))), "bytes") << step;
    EXPECT_EQ(two_->inspect(name).value()->holders.size(), 1U) << step;
  }
}

/// Between the two writes of a hold, the sweeper takes what it saw without a holder.
TEST_F(RadosEngineTest, AHoldBetweenTheSweepersRemovalsWritesTheBytesAnew) {
  const PieceName name = piece(1);
  ASSERT_TRUE(one_->hold(hold_of(name, "bytes", 1), partition(1)));
  ASSERT_TRUE(one_->unhold(name, partition(1), 1));
  // The sweeper's first removal.
  WriteOp op;
  op.remove();
  ASSERT_EQ(async::wait(objects().write(Pool::blobs, piece_object(name), std::move(op))).code, 0);
  ASSERT_TRUE(two_->hold(hold_of(name, "bytes", 2), partition(2)));
  EXPECT_EQ(said(async::wait(one_->read_piece(name))), "bytes");
  EXPECT_EQ(one_->inspect(name).value()->holders.size(), 1U);
}

/// The node that commits a new piece may die before the commit. An hour later the piece is a
/// candidate.
TEST_F(RadosEngineTest, WhatACommitOfADeadNodeWroteBecomesACandidate) {
  const Candidate left{partition(3), piece(4), 50};
  ASSERT_TRUE(async::wait(add_candidates(objects(), CandidateKind::passing, {left}, 10'000)));
  EXPECT_TRUE(async::wait(list_candidates(objects(), std::nullopt, 9, 13'599))->empty());
  EXPECT_EQ(*async::wait(list_candidates(objects(), std::nullopt, 9, 13'600)), std::vector{left});
  ASSERT_TRUE(one_->clear_candidate(left));
  EXPECT_TRUE(async::wait(list_candidates(objects(), std::nullopt, 9, 99'999))->empty());
}

/// More rows than Ceph gives in one answer, changed without a pause, also by rows that come in
/// between: each result is of one moment.
TEST_F(RadosEngineTest, ALongScanIsOfOneMoment) {
  const auto p = partition(1);
  constexpr std::size_t kRows = 3000;
  Commit first = change(p, 0, {});
  for (std::size_t i = 0; i < kRows; ++i) first.edits.push_back(put(fmt::format("{:05}", i), "0"));
  ASSERT_TRUE(commit(*one_, std::move(first)));
  std::atomic<bool> stop = false;
  std::thread writer([&] {
    for (std::uint64_t n = 1; !stop; ++n) {
      const std::string value = std::to_string(n);
      ASSERT_TRUE(commit(*one_, change(p, n,
                                       {put("00000", value), put("02999", value),
                                        put(fmt::format("01500-{:05}", n), "")})));
    }
  });
  for (int i = 0; i < 30; ++i) {
    const auto scanned = async::wait(two_->scan(p, "", "", 10'000));
    EXPECT_TRUE(scanned) << scanned.error().text;
    if (!scanned) continue;
    const std::uint64_t changes = scanned->version.revision - 1;
    EXPECT_EQ(scanned->rows.size(), kRows + changes);
    EXPECT_TRUE(std::ranges::is_sorted(scanned->rows, {}, &Row::key));
    EXPECT_EQ(scanned->rows.front().value, std::to_string(changes));
    EXPECT_EQ(scanned->rows.back().value, std::to_string(changes));
    // With a limit, and from one row to another.
    const auto part = async::wait(two_->scan(p, "00100", "02900", 2000));
    EXPECT_TRUE(part) << part.error().text;
    if (!part) continue;
    EXPECT_EQ(part->rows.size(), 2000U);
    EXPECT_EQ(part->rows.front().key, "00100");
    EXPECT_TRUE(part->next_key);
  }
  stop = true;
  writer.join();
}

TEST_F(RadosEngineTest, DamageIsNamed) {
  const auto p = partition(1);
  ASSERT_EQ(said(commit(*one_, change(p, 0, {put("a", "1")}))), "1");
  put_row(partition_object(p), std::string(kHeaderRow), "\1short");
  const auto version = async::wait(two_->version(p));
  ASSERT_FALSE(version);
  EXPECT_EQ(version.error().kind, ErrorKind::corrupt);
  EXPECT_NE(version.error().cause.find(partition_object(p)), std::string::npos);
  EXPECT_EQ(said(commit(*two_, change(p, 1, {put("a", "2")}))), "<corrupt>");
}

TEST_F(RadosEngineTest, WhatIsNoStoreOfOursIsNotOpened) {
  const auto text_of = [](const RadosOptions& options) {
    const auto opened = open_rados(options);
    return opened ? std::string("opened")
                  : std::string(name_of(opened.error().kind)) + ": " + opened.error().text;
  };
  RadosOptions options = store_->options;
  options.conf = "/nowhere/ceph.conf";
  EXPECT_TRUE(text_of(options).starts_with("not_found: Ceph's configuration")) << text_of(options);
  options = store_->options;
  options.pool = "nowhere";
  EXPECT_TRUE(text_of(options).starts_with("not_found: there is no pool 'nowhere'"));
  options = store_->options;
  options.body_pool = "";
  EXPECT_TRUE(text_of(options).starts_with("bad_argument: the pool 'mail'")) << text_of(options);

  TestStore other;
  other.options.if_absent = IfAbsent::refuse;
  EXPECT_TRUE(text_of(other.options).starts_with("not_found: there is no store"));
  other.options.if_absent = IfAbsent::create;
  {
    auto connection = Connection::open(other.options);
    ASSERT_TRUE(connection);
    WriteOp op;
    op.write_full("not ours");
    ASSERT_EQ(async::wait((*connection)->write(Pool::rows, "rbd_header", std::move(op))).code, 0);
  }
  EXPECT_NE(text_of(other.options).find("objects of another program"), std::string::npos);
  EXPECT_NE(text_of(other.options).find("rbd_header"), std::string::npos);

  put_row(kStoreObject, "format", std::to_string(kFormat + 1));
  EXPECT_TRUE(
      text_of(store_->options).starts_with("not_supported: the store was written by a newer"))
      << text_of(store_->options);
  put_row(kStoreObject, "format", "nonsense");
  EXPECT_TRUE(text_of(store_->options).starts_with("corrupt: the object 'posthorn'"));
}

}  // namespace
}  // namespace posthorn::engine::rados
