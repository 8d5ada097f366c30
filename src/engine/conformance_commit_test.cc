#include <latch>

#include "base/mutex.h"
#include "engine/conformance_fixture.h"
#include "engine/limits.h"

namespace posthorn::engine::conformance {
namespace {

using CommitConformance = Conformance;
POSTHORN_CONFORMANCE(CommitConformance);

TEST_P(CommitConformance, ANewPartitionHasTailZeroAndNoRows) {
  EXPECT_EQ(said(async::wait(engine().version(partition(1)))), "0");
  EXPECT_EQ(row(engine(), partition(1), "a"), "<none>");
  EXPECT_EQ(rows(engine(), partition(1)), "");
  EXPECT_EQ(said(async::wait(engine().version(partition(1)))), "0");
}

TEST_P(CommitConformance, EditsPutReplaceAndRemove) {
  const auto p = partition(1);
  EXPECT_EQ(said(commit(engine(), change(p, 0, {put("a", "1"), put("b", "2")}))), "1");
  EXPECT_EQ(rows(engine(), p), "a=1;b=2;");
  EXPECT_EQ(said(commit(engine(), change(p, 1, {put("a", "3"), removal("b"), removal("c")}))), "2");
  EXPECT_EQ(rows(engine(), p), "a=3;");
  EXPECT_EQ(said(async::wait(engine().version(p))), "2");
}

TEST_P(CommitConformance, TheLastEditOfAKeyInACommitCounts) {
  const auto p = partition(1);
  commit(engine(), change(p, 0, {put("a", "1"), removal("a"), put("b", "1"), put("b", "2")}));
  EXPECT_EQ(rows(engine(), p), "b=2;");
}

TEST_P(CommitConformance, AStaleExpectIsAConflictThatChangesNothing) {
  const auto p = partition(1);
  commit(engine(), change(p, 0, {put("a", "1")}, 5));
  Commit stale = change(p, 0, {put("a", "2")});
  stale.carry.pages.push_back({PageNumber{1}, "page"});
  stale.carry.holds.push_back(hold_of(piece(1), "piece", 1));
  EXPECT_EQ(said(commit(engine(), std::move(stale))), "<conflict 1>");
  EXPECT_EQ(said(commit(engine(), change(p, 2, {put("a", "2")}))), "<conflict 1>");
  EXPECT_EQ(rows(engine(), p), "a=1;");
  EXPECT_EQ(said(async::wait(engine().read_page(p, PageNumber{1}))), "<not_found>");
  EXPECT_EQ(said(async::wait(engine().read_piece(piece(1)))), "<not_found>");
}

TEST_P(CommitConformance, EveryCommitMovesTheRevision) {
  const auto p = partition(1);
  EXPECT_EQ(all_of(async::wait(engine().version(p))), "0 0 0");
  EXPECT_EQ(all_of(commit(engine(), change(p, 0, {put("a", "1")}, 0))), "0 1 1");
  EXPECT_EQ(all_of(commit(engine(), change(p, 1, {put("b", "1")}, 3))), "3 2 1");
  EXPECT_EQ(all_of(commit(engine(), change(p, 2, {put("c", "1")}, 1))), "4 3 1");
  EXPECT_EQ(all_of(commit(engine(), change(p, 3, {put("d", "1")}, 0))), "4 4 4");
  EXPECT_EQ(rows(engine(), p), "a=1;b=1;c=1;d=1;");
  EXPECT_EQ(all_of(async::wait(engine().version(p))), "4 4 4");
  EXPECT_EQ(async::wait(engine().scan(p, "", "", 9))->version, (PartitionVersion{Seq{4}, 4, 4}));
  EXPECT_EQ(all_of(commit(engine(), change(p, 4, {}, 1))), "5 5 4");
}

TEST_P(CommitConformance, ACommitThatAdvancesNothingStillMakesOthersStale) {
  const auto p = partition(1);
  commit(engine(), change(p, 0, {put("where", "here")}, 4));
  const auto seen = async::wait(engine().version(p));
  ASSERT_TRUE(seen);
  EXPECT_EQ(said(commit(engine(), change(p, 1, {put("where", "there")}, 0))), "4");
  // Computed from what was before: its tail is still right, and what it takes for granted is not.
  EXPECT_EQ(said(commit(engine(), {p, *seen, 1, {put("where", "here")}, {}})), "<conflict 2>");
  EXPECT_EQ(said(commit(engine(), {p, *seen, 0, {put("where", "here")}, {}})), "<conflict 2>");
  EXPECT_EQ(rows(engine(), p), "where=there;");
}

TEST_P(CommitConformance, ACallerKnowsTheVersionBeforeTheAnswer) {
  const auto p = partition(1);
  PartitionVersion expected;
  std::vector<std::pair<std::string, std::future<Result<PartitionVersion>>>> waiting;
  for (const std::uint64_t advance : {1, 0, 2, 0, 0, 1}) {
    Commit next{p, expected, advance, {put("a", std::to_string(advance))}, {}};
    expected = expected.after(advance);
    waiting.emplace_back(all_of(expected), start(engine(), std::move(next)));
  }
  for (auto& [version, outcome] : waiting) EXPECT_EQ(all_of(outcome.get()), version);
  EXPECT_EQ(all_of(async::wait(engine().version(p))), all_of(expected));
}

TEST_P(CommitConformance, PartitionsDoNotSeeEachOther) {
  commit(engine(), change(partition(1), 0, {put("a", "1")}));
  commit(engine(), change(partition(2), 0, {put("a", "2"), put("b", "2")}, 7));
  EXPECT_EQ(rows(engine(), partition(1)), "a=1;");
  EXPECT_EQ(rows(engine(), partition(2)), "a=2;b=2;");
  EXPECT_EQ(said(async::wait(engine().version(partition(1)))), "1");
  EXPECT_EQ(said(async::wait(engine().version(partition(2)))), "7");
}

TEST_P(CommitConformance, ChainsOfQueuedCommitsTakeEffectInOrder) {
  const auto p = partition(1);
  std::vector<std::future<Result<PartitionVersion>>> waiting;
  for (std::uint64_t i = 0; i < 500; ++i)
    waiting.push_back(start(engine(), change(p, i, {put("n", std::to_string(i))})));
  for (std::uint64_t i = 0; i < 500; ++i) EXPECT_EQ(said(waiting[i].get()), std::to_string(i + 1));
  EXPECT_EQ(rows(engine(), p), "n=499;");
}

TEST_P(CommitConformance, DoneIsCalledInTheOrderOfCommits) {
  const auto p = partition(1);
  std::vector<int> order;
  std::latch all(200);
  for (int i = 0; i < 200; ++i) {
    // Every tenth commit is stale; its answer keeps its place in the order.
    const std::uint64_t expect = i % 10 == 9 ? 100'000 : static_cast<std::uint64_t>(i);
    engine().commit(change(p, expect, {}, 0), [&, i](Result<PartitionVersion>) {
      order.push_back(i);
      all.count_down();
    });
  }
  all.wait();
  EXPECT_EQ(order.size(), 200U);
  EXPECT_TRUE(std::ranges::is_sorted(order));
}

TEST_P(CommitConformance, WhatWasGivenBeforeAFailureWasToldFailsToo) {
  const auto p = partition(1);
  commit(engine(), change(p, 0, {put("a", "1")}));
  // Within the `done` of the failing commit, no later failure is known yet. A commit from there is
  // computed again, and succeeds.
  std::promise<Result<PartitionVersion>> retried;
  engine().commit(change(p, 0, {put("a", "stale")}, 1), [&](Result<PartitionVersion> outcome) {
    EXPECT_EQ(said(outcome), "<conflict 1>");
    engine().commit(change(p, 1, {put("a", "2")}),
                    [&](Result<PartitionVersion> again) { retried.set_value(std::move(again)); });
  });
  EXPECT_EQ(said(retried.get_future().get()), "2");
  EXPECT_EQ(rows(engine(), p), "a=2;");
}

TEST_P(CommitConformance, ADependentOfAFailedCommitNeverTakesEffectByChance) {
  const auto p = partition(1);
  const auto other = partition(2);
  for (std::uint64_t i = 0; i < 6; ++i) commit(engine(), change(p, i, {put("a", "1")}));
  // Both are given within one `done`, so the second is queued before the failure of the first is
  // reported. The second expects the actual version, but only because the first, which failed,
  // would have produced it.
  std::promise<Result<PartitionVersion>> first;
  std::promise<Result<PartitionVersion>> second;
  engine().commit(change(other, 0, {}), [&](Result<PartitionVersion>) {
    engine().commit(change(p, 5, {put("a", "first")}),
                    [&](Result<PartitionVersion> outcome) { first.set_value(std::move(outcome)); });
    engine().commit(change(p, 6, {put("a", "second")}), [&](Result<PartitionVersion> outcome) {
      second.set_value(std::move(outcome));
    });
  });
  EXPECT_EQ(said(first.get_future().get()), "<conflict 6>");
  EXPECT_EQ(said(second.get_future().get()), "<conflict 6>");
  EXPECT_EQ(rows(engine(), p), "a=1;");
  EXPECT_EQ(said(commit(engine(), change(p, 6, {put("a", "2")}))), "7");
}

TEST_P(CommitConformance, CarriesComeWithTheCommit) {
  const auto p = partition(1);
  Commit first = change(p, 0, {put("list", "1 2")});
  first.carry.pages = {{PageNumber{1}, "one"}, {PageNumber{2}, std::string(100'000, 'x')}};
  first.carry.holds = {hold_of(piece(1), "body", 10)};
  ASSERT_EQ(said(commit(engine(), std::move(first))), "1");
  EXPECT_EQ(said(async::wait(engine().read_page(p, PageNumber{1}))), "one");
  EXPECT_EQ(said(async::wait(engine().read_page(p, PageNumber{2}))), std::string(100'000, 'x'));
  EXPECT_EQ(said(async::wait(engine().read_piece(piece(1)))), "body");
  Commit swap = change(p, 1, {put("list", "3")}, 0);
  swap.carry.pages = {{PageNumber{3}, "three"}};
  swap.carry.dropped_pages = {PageNumber{1}, PageNumber{2}, PageNumber{99}};
  ASSERT_EQ(said(commit(engine(), std::move(swap))), "1");
  EXPECT_EQ(said(async::wait(engine().read_page(p, PageNumber{1}))), "<not_found>");
  EXPECT_EQ(said(async::wait(engine().read_page(p, PageNumber{3}))), "three");
}

TEST_P(CommitConformance, KeysAndValuesAreAnyBytesUpToTheirBounds) {
  const auto p = partition(1);
  std::string all;
  for (int b = 0; b < 256; ++b) all.push_back(static_cast<char>(b));
  const std::string long_key(kMaxRowKey, '\xff');
  const std::string long_value(kMaxRowValue, '\0');
  ASSERT_EQ(said(commit(engine(), change(p, 0,
                                         {put(all, all), put(long_key, long_value),
                                          put("", "empty key"), put("e", "")}))),
            "1");
  EXPECT_EQ(row(engine(), p, all), all);
  EXPECT_EQ(row(engine(), p, long_key), long_value);
  EXPECT_EQ(row(engine(), p, ""), "empty key");
  EXPECT_EQ(row(engine(), p, "e"), "");
}

TEST_P(CommitConformance, WhatIsTooBigIsRefusedWhole) {
  const auto p = partition(1);
  const std::string long_key(kMaxRowKey + 1, 'k');
  EXPECT_EQ(said(commit(engine(), change(p, 0, {put("a", "1"), put(long_key, "")}))), "<too_big>");
  EXPECT_EQ(said(commit(engine(), change(p, 0, {put("a", std::string(kMaxRowValue + 1, 'v'))}))),
            "<too_big>");
  EXPECT_EQ(rows(engine(), p), "");
  EXPECT_EQ(said(commit(engine(), change(p, 0, {put("a", "1")}))), "1");
}

TEST_P(CommitConformance, ALargeCommitIsOneCommit) {
  const auto p = partition(1);
  Commit large = change(p, 0, {});
  for (int i = 0; i < 200; ++i)
    large.edits.push_back(put(fmt::format("{:04}", i), std::string(60'000, 'r')));
  ASSERT_EQ(said(commit(engine(), std::move(large))), "1");
  const auto scanned = async::wait(engine().scan(p, "", "", 1000));
  ASSERT_TRUE(scanned);
  EXPECT_EQ(scanned->rows.size(), 200U);
}

TEST_P(CommitConformance, BellsTellOfEveryPartitionWithACommit) {
  Mutex mutex;
  std::map<PartitionId, std::uint64_t> last;
  std::promise<void> seen;
  engine().listen([&](const Bell& bell) {
    const MutexLock lock(mutex);
    EXPECT_LT(last[bell.partition], bell.version.revision);
    last[bell.partition] = bell.version.revision;
    // Bells of different partitions come in any order.
    if (last[partition(1)] == 2 && last[partition(2)] == 1 && last[partition(3)] == 1)
      seen.set_value();
  });
  commit(engine(), change(partition(1), 0, {put("a", "1")}, 2));
  commit(engine(), change(partition(2), 0, {put("a", "1")}, 0));
  commit(engine(), change(partition(4), 9, {}));
  commit(engine(), change(partition(1), 1, {}));
  commit(engine(), change(partition(3), 0, {}));
  seen.get_future().wait();
  engine().listen(nullptr);
  EXPECT_EQ(last.size(), 3U);
  EXPECT_EQ(last[partition(1)], 2U);
  EXPECT_EQ(last[partition(2)], 1U);
  commit(engine(), change(partition(3), 1, {}));
  EXPECT_EQ(last[partition(3)], 1U);
}

TEST_P(CommitConformance, HintsAreSeenByTheNextCommit) {
  const auto p = partition(1);
  engine().hint(p, {put("h", "1"), put("gone", "1")});
  engine().hint(p, {removal("gone")});
  EXPECT_EQ(said(commit(engine(), change(p, 0, {put("a", "1")}))), "1");
  EXPECT_EQ(rows(engine(), p), "a=1;h=1;");
}

TEST_P(CommitConformance, ClosingAnswersEverythingAndRefusesTheRest) {
  const auto p = partition(1);
  std::vector<std::future<Result<PartitionVersion>>> waiting;
  for (std::uint64_t i = 0; i < 100; ++i) waiting.push_back(start(engine(), change(p, i, {})));
  engine().close();
  for (auto& outcome : waiting) EXPECT_TRUE(outcome.get());
  EXPECT_EQ(said(commit(engine(), change(p, 100, {}))), "<unavailable>");
  EXPECT_EQ(said(async::wait(engine().version(p))), "<unavailable>");
  EXPECT_EQ(said(engine().put_page(p, PageNumber{1}, "x")), "<unavailable>");
  EXPECT_EQ(said(engine().hold(hold_of(piece(1), "x", 1), p)), "<unavailable>");
  EXPECT_EQ(said(engine().unhold(piece(1), p, 1)), "<unavailable>");
  EXPECT_FALSE(engine().erase(piece(1), 1));
  EXPECT_FALSE(engine().partitions(std::nullopt, 1));
  engine().hint(p, {put("h", "1")});
  engine().close();
}

TEST_P(CommitConformance, WhatWasCommittedIsThereAfterReopening) {
  if (!keeps()) GTEST_SKIP() << "keeps nothing";
  const auto p = partition(1);
  Commit first = change(p, 0, {put("a", "1"), put("b", "2")}, 4);
  first.carry.pages = {{PageNumber{7}, "page"}};
  first.carry.holds = {hold_of(piece(1), "body", 10)};
  ASSERT_EQ(said(commit(engine(), std::move(first))), "4");
  const auto before = engine().inspect(piece(1));
  reopen();
  EXPECT_EQ(said(async::wait(engine().version(p))), "4");
  EXPECT_EQ(rows(engine(), p), "a=1;b=2;");
  EXPECT_EQ(said(async::wait(engine().read_page(p, PageNumber{7}))), "page");
  EXPECT_EQ(said(async::wait(engine().read_piece(piece(1)))), "body");
  const auto after = engine().inspect(piece(1));
  ASSERT_TRUE(before && *before && after && *after);
  EXPECT_EQ((*before)->version, (*after)->version);
  ASSERT_TRUE(engine().hold(hold_of(piece(1), "", 11), p));
  EXPECT_NE(engine().inspect(piece(1)).value()->version, (*after)->version);
  EXPECT_EQ(all_of(async::wait(engine().version(p))), "4 1 0");
  EXPECT_EQ(said(commit(engine(), change(p, 0, {}))), "<conflict 1>");
  EXPECT_EQ(said(commit(engine(), change(p, 1, {removal("a")}))), "5");
  reopen();
  EXPECT_EQ(rows(engine(), p), "b=2;");
}

}  // namespace
}  // namespace posthorn::engine::conformance
