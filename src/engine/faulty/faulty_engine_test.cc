#include "engine/faulty/faulty_engine.h"

#include <thread>

#include "async/start.h"
#include "engine/conformance_fixture.h"
#include "engine/memory/memory_engine.h"

namespace posthorn::engine {
namespace {

using namespace conformance;

class Faulty : public testing::Test {
 protected:
  FaultyEngine engine_{std::make_unique<MemoryEngine>()};
  const PartitionId p_ = partition(1);
  const Error io_{ErrorKind::io, "asked for"};
};

TEST_F(Faulty, FailsTheCommitsAskedFor) {
  engine_.fail_commits(CommitFault::fails, 2, 1);
  EXPECT_EQ(said(commit(engine_, change(p_, 0, {put("a", "1")}))), "1");
  EXPECT_EQ(said(commit(engine_, change(p_, 1, {put("a", "2")}))), "<io>");
  EXPECT_EQ(said(commit(engine_, change(p_, 1, {put("a", "3")}))), "<io>");
  EXPECT_EQ(rows(engine_, p_), "a=1;");
  EXPECT_EQ(said(commit(engine_, change(p_, 1, {put("a", "4")}))), "2");
  engine_.fail_commits(CommitFault::disk_full);
  const auto full = commit(engine_, change(p_, 2, {}));
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().text, "the disk is full");
}

TEST_F(Faulty, WhatWasComputedFromAFailedCommitFails) {
  engine_.hold_back();
  engine_.fail_commits(CommitFault::fails);
  auto first = start(engine_, change(p_, 0, {put("a", "1")}, 0));
  auto second = start(engine_, change(p_, 0, {put("b", "1")}, 0));
  auto other = start(engine_, change(partition(2), 0, {put("b", "1")}, 0));
  EXPECT_EQ(engine_.held_back(), 3U);
  engine_.let_all_go();
  EXPECT_EQ(said(first.get()), "<io>");
  EXPECT_EQ(said(second.get()), "<conflict 0>");
  EXPECT_EQ(said(other.get()), "0");
  EXPECT_EQ(rows(engine_, p_), "");
}

TEST_F(Faulty, CommitsHeldBackGoOneByOneInOrder) {
  engine_.hold_back();
  auto first = start(engine_, change(p_, 0, {put("a", "1")}));
  auto second = start(engine_, change(p_, 1, {put("a", "2")}));
  EXPECT_EQ(rows(engine_, p_), "");
  engine_.let_go(1);
  EXPECT_EQ(said(first.get()), "1");
  EXPECT_EQ(rows(engine_, p_), "a=1;");
  EXPECT_EQ(engine_.held_back(), 1U);
  engine_.let_go(5);
  EXPECT_EQ(said(second.get()), "2");
  auto third = start(engine_, change(p_, 2, {}));
  EXPECT_EQ(engine_.held_back(), 1U);
  engine_.close();
  EXPECT_EQ(said(third.get()), "3");
}

TEST_F(Faulty, ACrashKeepsWhatWasSyncedOnly) {
  ASSERT_TRUE(engine_.put_page(p_, PageNumber{1}, "synced"));
  ASSERT_TRUE(engine_.hold(hold_of(piece(1), "synced", 1), p_));
  ASSERT_TRUE(engine_.put_page(partition(2), PageNumber{1}, "of another, not synced"));
  commit(engine_, change(p_, 0, {put("a", "1")}));
  ASSERT_TRUE(engine_.put_page(p_, PageNumber{2}, "not synced"));
  ASSERT_TRUE(engine_.hold(hold_of(piece(2), "not synced", 1), p_));
  engine_.hint(p_, {put("h", "not synced")});
  EXPECT_EQ(said(async::wait(engine_.read_page(p_, PageNumber{2}))), "not synced");
  EXPECT_EQ(said(async::wait(engine_.read_piece(piece(2)))), "not synced");
  engine_.hold_back();
  auto waiting = start(engine_, change(p_, 1, {put("a", "2")}));
  engine_.crash();
  EXPECT_EQ(said(waiting.get()), "<closed>");
  EXPECT_EQ(said(async::wait(engine_.version(p_))), "<unavailable>");
  EXPECT_EQ(said(commit(engine_, change(p_, 1, {}))), "<unavailable>");
  engine_.restart();
  EXPECT_EQ(rows(engine_, p_), "a=1;");
  EXPECT_EQ(*engine_.pages(p_, PageNumber{0}, 9), std::vector{PageNumber{1}});
  EXPECT_TRUE(engine_.pages(partition(2), PageNumber{0}, 9)->empty());
  EXPECT_EQ(*engine_.pieces(std::nullopt, 9), std::vector{piece(1)});
  EXPECT_EQ(said(commit(engine_, change(p_, 1, {}))), "2");
}

TEST_F(Faulty, ATornCommitIsThereWholeOrNotAtAll) {
  for (const TornFate fate : {TornFate::lost, TornFate::kept}) {
    const auto p = partition(fate == TornFate::lost ? 3 : 4);
    ASSERT_TRUE(engine_.put_page(p, PageNumber{1}, "ahead"));
    engine_.fail_commits(CommitFault::torn);
    EXPECT_EQ(said(commit(engine_, change(p, 0, {put("list", "1")}))), "<io>");
    EXPECT_EQ(rows(engine_, p), "");
    engine_.crash(fate);
    engine_.restart();
    const bool kept = fate == TornFate::kept;
    EXPECT_EQ(rows(engine_, p), kept ? "list=1;" : "");
    EXPECT_EQ(said(async::wait(engine_.version(p))), kept ? "1" : "0");
    EXPECT_EQ(engine_.pages(p, PageNumber{0}, 9)->size(), kept ? 1U : 0U);
  }
}

TEST_F(Faulty, ATornCommitOvertakenIsLost) {
  engine_.fail_commits(CommitFault::torn);
  EXPECT_EQ(said(commit(engine_, change(p_, 0, {put("a", "torn")}, 0))), "<io>");
  EXPECT_EQ(said(commit(engine_, change(p_, 0, {put("a", "later")}, 0))), "0");
  engine_.crash(TornFate::kept);
  engine_.restart();
  EXPECT_EQ(rows(engine_, p_), "a=later;");
}

TEST_F(Faulty, ReadsAndWritesFailAsAsked) {
  commit(engine_, change(p_, 0, {put("a", "1")}));
  engine_.fail_reads(io_, 1, 1);
  EXPECT_EQ(row(engine_, p_, "a"), "1");
  EXPECT_EQ(row(engine_, p_, "a"), "<io>");
  EXPECT_EQ(row(engine_, p_, "a"), "1");
  engine_.fail_writes(io_);
  EXPECT_EQ(said(engine_.put_page(p_, PageNumber{1}, "x")), "<io>");
  EXPECT_EQ(said(engine_.put_page(p_, PageNumber{1}, "x")), "ok");
  engine_.fail_writes(io_);
  EXPECT_EQ(said(engine_.hold(hold_of(piece(1), "x", 1), p_)), "<io>");
  EXPECT_FALSE(engine_.inspect(piece(1)).value());
  engine_.set_cached_reads(CachedReads::would_block);
  EXPECT_EQ(said(engine_.try_version(p_)), "<would_block>");
  EXPECT_EQ(said(async::wait(engine_.version(p_))), "1");
}

// Returns whether the call that starts a read returns before the read is done. The read ends on the
// loop's thread, so that `done` cannot change between the call and the look at it.
async::Task<bool> leaves_the_loop(Engine& engine, PartitionId p) {
  async::Loop& loop = *async::Loop::current();
  bool done = false;
  async::detail::start(engine.version(p), [&](const Result<PartitionVersion>& tail) {
    EXPECT_EQ(said(tail), "0");
    EXPECT_EQ(async::Loop::current(), &loop);
    done = true;
  });
  const bool left = !done;
  while (!done) co_await loop.yield();
  co_return left;
}

TEST_F(Faulty, AnAwaitedReadLeavesTheLoopIfItCannotBeAnsweredFromMemory) {
  async::LoopPool loops(1);
  EXPECT_FALSE(async::run_on(loops.at(0), leaves_the_loop(engine_, p_)));
  engine_.set_delay(std::chrono::milliseconds(1));
  EXPECT_TRUE(async::run_on(loops.at(0), leaves_the_loop(engine_, p_)));
  engine_.set_delay({});
  engine_.set_cached_reads(CachedReads::would_block);
  EXPECT_TRUE(async::run_on(loops.at(0), leaves_the_loop(engine_, p_)));
}

TEST_F(Faulty, StopsAtNamedPoints) {
  std::promise<void> reached;
  std::promise<void> go_on;
  engine_.at("commit.done", [&] {
    reached.set_value();
    go_on.get_future().wait();
  });
  std::thread committer([&] { EXPECT_EQ(said(commit(engine_, change(p_, 0, {}))), "1"); });
  reached.get_future().wait();
  EXPECT_EQ(said(async::wait(engine_.version(p_))), "1");  // Durable, but not reported yet.
  go_on.set_value();
  committer.join();
  engine_.at("commit.done", {});
  // A delivery between the sweeper's decision and its action.
  ASSERT_TRUE(engine_.hold(hold_of(piece(1), "bytes", 1), p_));
  ASSERT_TRUE(engine_.unhold(piece(1), p_, 1));
  const std::uint64_t version = engine_.inspect(piece(1)).value()->version;
  engine_.at("erase",
             [&] { ASSERT_TRUE(engine_.hold(hold_of(piece(1), "bytes", 2), partition(2))); });
  EXPECT_EQ(engine_.erase(piece(1), version), false);
  EXPECT_EQ(said(async::wait(engine_.read_piece(piece(1)))), "bytes");
}

TEST_F(Faulty, ACrashBeforeACommitTakesIt) {
  engine_.at("commit", [&] { engine_.crash(); });
  EXPECT_EQ(said(commit(engine_, change(p_, 0, {put("a", "1")}))), "<closed>");
  engine_.at("commit", {});
  engine_.restart();
  EXPECT_EQ(rows(engine_, p_), "");
}

TEST_F(Faulty, DelaysWhatMayWait) {
  engine_.set_delay(std::chrono::milliseconds(20));
  const auto before = std::chrono::steady_clock::now();
  EXPECT_EQ(said(engine_.try_version(p_)), "0");
  EXPECT_EQ(said(async::wait(engine_.version(p_))), "0");
  EXPECT_GE(std::chrono::steady_clock::now() - before, std::chrono::milliseconds(20));
}

}  // namespace
}  // namespace posthorn::engine
