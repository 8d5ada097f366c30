#include "engine/conformance_fixture.h"

namespace posthorn::engine::conformance {
namespace {

class PieceConformance : public Conformance {
 protected:
  PieceInfo info(const PieceName& name) {
    const auto found = engine().inspect(name);
    EXPECT_TRUE(found && *found);
    return found && *found ? **found : PieceInfo{};
  }
  std::string holders(const PieceName& name) {
    const auto found = engine().inspect(name);
    if (!found) return "<error>";
    if (!*found) return "<none>";
    std::string text;
    for (const Holder& h : (*found)->holders)
      text += std::to_string(h.partition.bytes[0]) + "@" + std::to_string(h.stamp) + ";";
    return text;
  }
  /// "holder:piece@stamp;..."
  std::string candidates() {
    std::string text;
    for (const Candidate& c : engine().candidates(std::nullopt, 100).value())
      text += std::to_string(c.holder.bytes[0]) + ":" + std::to_string(c.piece.bytes[0]) + "@" +
              std::to_string(c.stamp) + ";";
    return text;
  }
  Status hold(std::uint8_t who, std::int64_t stamp, const std::string& bytes = "bytes") {
    return engine().hold(hold_of(piece(1), bytes, stamp), partition(who));
  }
};
POSTHORN_CONFORMANCE(PieceConformance);

TEST_P(PieceConformance, TheFirstHoldWritesAndTheNextOnlyHold) {
  EXPECT_EQ(holders(piece(1)), "<none>");
  ASSERT_TRUE(hold(3, 100, "first"));
  ASSERT_TRUE(hold(2, 90, "ignored"));
  EXPECT_EQ(said(async::wait(engine().read_piece(piece(1)))), "first");
  EXPECT_EQ(holders(piece(1)), "2@90;3@100;");
  EXPECT_EQ(info(piece(1)).stored_bytes, 5U);
  EXPECT_EQ(info(piece(1)).name, piece(1));
}

TEST_P(PieceConformance, AHoldersStampOnlyRises) {
  ASSERT_TRUE(hold(1, 100));
  ASSERT_TRUE(hold(1, 50));
  EXPECT_EQ(holders(piece(1)), "1@100;");
  ASSERT_TRUE(hold(1, 150));
  EXPECT_EQ(holders(piece(1)), "1@150;");
}

TEST_P(PieceConformance, HoldsInCommitsAreHoldsOfTheCommittingPartition) {
  Commit both = change(partition(1), 0, {});
  both.carry.holds = {hold_of(piece(1), "bytes", 10), hold_of(piece(2), "other", 11),
                      hold_of(piece(1), "bytes", 9)};
  ASSERT_TRUE(commit(engine(), std::move(both)));
  Commit again = change(partition(2), 0, {});
  again.carry.holds = {hold_of(piece(1), "ignored", 12)};
  ASSERT_TRUE(commit(engine(), std::move(again)));
  EXPECT_EQ(holders(piece(1)), "1@10;2@12;");
  EXPECT_EQ(holders(piece(2)), "1@11;");
  EXPECT_EQ(said(async::wait(engine().read_piece(piece(1)))), "bytes");
}

TEST_P(PieceConformance, EveryHoldAndUnholdChangesTheVersion) {
  ASSERT_TRUE(hold(1, 100));
  std::vector<std::uint64_t> versions{info(piece(1)).version};
  const auto changed = [&] {
    versions.push_back(info(piece(1)).version);
    return versions[versions.size() - 2] != versions.back();
  };
  ASSERT_TRUE(hold(1, 100));
  EXPECT_TRUE(changed());
  ASSERT_TRUE(hold(2, 100));
  EXPECT_TRUE(changed());
  ASSERT_TRUE(engine().unhold(piece(1), partition(2), 100));
  EXPECT_TRUE(changed());
  Commit carrying = change(partition(3), 0, {});
  carrying.carry.holds = {hold_of(piece(1), "", 1)};
  ASSERT_TRUE(commit(engine(), std::move(carrying)));
  EXPECT_TRUE(changed());
  info(piece(1));
  EXPECT_FALSE(changed());
}

TEST_P(PieceConformance, UnholdSparesWhatWasUsedLater) {
  ASSERT_TRUE(hold(1, 100));
  ASSERT_TRUE(hold(2, 200));
  EXPECT_EQ(said(engine().unhold(piece(1), partition(1), 99)), "ok");
  EXPECT_EQ(holders(piece(1)), "1@100;2@200;");
  EXPECT_EQ(said(engine().unhold(piece(1), partition(1), 100)), "ok");
  EXPECT_EQ(holders(piece(1)), "2@200;");
  EXPECT_EQ(said(engine().unhold(piece(1), partition(1), 100)), "ok");
  EXPECT_EQ(said(engine().unhold(piece(9), partition(1), 100)), "ok");
  EXPECT_EQ(holders(piece(9)), "<none>");
}

TEST_P(PieceConformance, EraseNeedsTheVersionAndNoHolder) {
  ASSERT_TRUE(hold(1, 100));
  EXPECT_EQ(engine().erase(piece(1), info(piece(1)).version), false);
  ASSERT_TRUE(engine().unhold(piece(1), partition(1), 100));
  const std::uint64_t version = info(piece(1)).version;
  EXPECT_EQ(engine().erase(piece(1), version - 1), false);
  EXPECT_EQ(engine().erase(piece(1), version + 1), false);
  EXPECT_EQ(engine().erase(piece(1), version), true);
  EXPECT_EQ(holders(piece(1)), "<none>");
  EXPECT_EQ(said(async::wait(engine().read_piece(piece(1)))), "<not_found>");
  EXPECT_EQ(engine().erase(piece(1), version), false);
  EXPECT_EQ(engine().erase(piece(9), 0), false);
}

TEST_P(PieceConformance, ANewLifeHasANewVersionAndNewBytes) {
  ASSERT_TRUE(hold(1, 100, "old"));
  ASSERT_TRUE(engine().unhold(piece(1), partition(1), 100));
  const std::uint64_t seen = info(piece(1)).version;
  ASSERT_EQ(engine().erase(piece(1), seen), true);
  ASSERT_TRUE(hold(2, 200, "new"));
  ASSERT_TRUE(engine().unhold(piece(1), partition(2), 200));
  EXPECT_EQ(engine().erase(piece(1), seen), false);
  EXPECT_EQ(said(async::wait(engine().read_piece(piece(1)))), "new");
}

TEST_P(PieceConformance, AHoldWithoutBytesNeedsThePiece) {
  EXPECT_EQ(said(hold(1, 100, "")), "<not_found>");
  Commit uses = change(partition(1), 0, {put("message", "two pieces")});
  uses.carry.holds = {hold_of(piece(2), "bytes", 1), hold_of(piece(1), "", 1)};
  EXPECT_EQ(said(commit(engine(), uses)), "<not_found>");
  EXPECT_EQ(rows(engine(), partition(1)), "");
  EXPECT_EQ(holders(piece(1)), "<none>");
  EXPECT_EQ(holders(piece(2)), "<none>");
  ASSERT_TRUE(hold(1, 100));
  EXPECT_EQ(said(commit(engine(), uses)), "1");
  EXPECT_EQ(holders(piece(1)), "1@100;");
  EXPECT_EQ(holders(piece(2)), "1@1;");
  EXPECT_EQ(said(async::wait(engine().read_piece(piece(1)))), "bytes");
  EXPECT_EQ(said(async::wait(engine().read_piece(piece(2)))), "bytes");
}

/// A delivery that races with the sweep of equal bytes must not lose mail. The hold comes between
/// any two steps of the sweeper; afterwards the piece exists and is held.
TEST_P(PieceConformance, AHoldAtAnyStepOfTheSweepKeepsThePiece) {
  for (int step = 0; step < 5; ++step) {
    const PieceName name = piece(static_cast<std::uint8_t>(10 + step));
    ASSERT_TRUE(engine().hold(hold_of(name, "bytes", 100), partition(1)));
    std::uint64_t revision = async::wait(engine().version(partition(2)))->revision;
    const auto deliver_at = [&](int at) {
      if (at != step) return;
      Commit delivery = change(partition(2), revision, {});
      delivery.carry.holds = {hold_of(name, "bytes", 500)};
      ASSERT_TRUE(commit(engine(), std::move(delivery)));
    };
    deliver_at(0);
    const PieceInfo first = info(name);
    deliver_at(1);
    ASSERT_TRUE(engine().unhold(name, partition(1), 100));
    deliver_at(2);
    const auto second = engine().inspect(name);
    ASSERT_TRUE(second && *second);
    deliver_at(3);
    if ((*second)->holders.empty()) {
      const auto erased = engine().erase(name, (*second)->version);
      ASSERT_TRUE(erased);
      EXPECT_EQ(*erased, step == 4) << step;
    }
    deliver_at(4);
    EXPECT_EQ(holders(name), "2@500;") << step;
    EXPECT_EQ(said(async::wait(engine().read_piece(name))), "bytes") << step;
    EXPECT_FALSE(first.holders.empty());
  }
}

TEST_P(PieceConformance, WhatIsWrittenAheadIsACandidateUntilACommitUsesIt) {
  EXPECT_EQ(candidates(), "");
  ASSERT_TRUE(hold(2, 100));
  ASSERT_TRUE(hold(1, 90));
  ASSERT_TRUE(hold(1, 95));
  EXPECT_EQ(candidates(), "1:1@95;2:1@100;");
  Commit other = change(partition(1), 0, {});
  // Its bytes came with the commit, so it was never written ahead.
  other.carry.holds = {hold_of(piece(2), "bytes", 96)};
  ASSERT_TRUE(commit(engine(), std::move(other)));
  EXPECT_EQ(candidates(), "1:1@95;2:1@100;");
  Commit refused = change(partition(1), 7, {});
  refused.carry.holds = {hold_of(piece(1), "", 97)};
  EXPECT_FALSE(commit(engine(), std::move(refused)));
  EXPECT_EQ(candidates(), "1:1@95;2:1@100;");
  Commit uses = change(partition(1), 1, {});
  uses.carry.holds = {hold_of(piece(1), "", 97)};
  ASSERT_TRUE(commit(engine(), std::move(uses)));
  EXPECT_EQ(candidates(), "2:1@100;");
  EXPECT_EQ(holders(piece(1)), "1@97;2@100;");
  if (keeps()) reopen();
  EXPECT_EQ(candidates(), "2:1@100;");
}

TEST_P(PieceConformance, ACommitMakesCandidatesOfItsOwnPartition) {
  Commit made = change(partition(3), 0, {});
  made.carry.candidates = {{partition(9), piece(5), 7}, {partition(3), piece(4), 8}};
  ASSERT_TRUE(commit(engine(), std::move(made)));
  EXPECT_EQ(candidates(), "3:4@8;3:5@7;");
  EXPECT_EQ(engine().candidates(Candidate{partition(3), piece(4), 0}, 5).value(),
            std::vector{(Candidate{partition(3), piece(5), 7})});
  EXPECT_EQ(engine().candidates(std::nullopt, 1)->size(), 1U);
}

TEST_P(PieceConformance, ACandidateMadeAgainIsNotCleared) {
  ASSERT_TRUE(hold(1, 100));
  const Candidate seen = engine().candidates(std::nullopt, 1)->front();
  ASSERT_TRUE(hold(1, 200));
  EXPECT_EQ(said(engine().clear_candidate(seen)), "ok");
  EXPECT_EQ(candidates(), "1:1@200;");
  EXPECT_EQ(said(engine().clear_candidate({partition(1), piece(1), 200})), "ok");
  EXPECT_EQ(said(engine().clear_candidate({partition(1), piece(1), 200})), "ok");
  EXPECT_EQ(candidates(), "");
}

TEST_P(PieceConformance, PiecesAreListedInOrder) {
  for (const std::uint8_t n : {4, 1, 0, 255})
    ASSERT_TRUE(engine().hold(hold_of(piece(n), "b", 1), partition(n)));
  ASSERT_TRUE(engine().hold(hold_of(piece(4), "b", 1), partition(9)));
  EXPECT_EQ(*engine().pieces(std::nullopt, 10),
            (std::vector{piece(0), piece(1), piece(4), piece(255)}));
  EXPECT_EQ(*engine().pieces(piece(1), 1), std::vector{piece(4)});
  EXPECT_TRUE(engine().pieces(piece(255), 1)->empty());
}

TEST_P(PieceConformance, LargePiecesWrittenAheadAreWhole) {
  std::string large;
  for (int i = 0; i < 256 * 1024; ++i) large.push_back(static_cast<char>(i * 31 >> 3));
  for (std::uint8_t n = 0; n < 40; ++n)
    ASSERT_TRUE(engine().hold(hold_of(piece(n), large, 1), partition(1)));
  Commit uses = change(partition(1), 0, {put("message", "40 pieces")});
  ASSERT_TRUE(commit(engine(), std::move(uses)));
  if (keeps()) reopen();
  for (std::uint8_t n = 0; n < 40; ++n)
    EXPECT_TRUE(async::wait(engine().read_piece(piece(n))) == large) << int{n};
}

}  // namespace
}  // namespace posthorn::engine::conformance
