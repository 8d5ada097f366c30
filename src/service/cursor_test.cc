#include "service/cursor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "service/rows.h"
#include "service/test_mailbox.h"

namespace posthorn::service {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::TestMailbox;

constexpr Tellings kNumbersStay = bit(Telling::arrivals) | bit(Telling::flags);

std::vector<std::uint32_t> told_uids(const Cursor& cursor) {
  std::vector<std::uint32_t> uids;
  cursor.told().for_each(0, cursor.count(), [&](std::uint32_t, const store::Member& member) {
    uids.push_back(member.uid.value);
  });
  return uids;
}

TEST(Cursor, TellsNothingWhereNothingChanged) {
  TestMailbox mailbox;
  mailbox.append(3);
  Cursor cursor(mailbox.flags());
  EXPECT_FALSE(cursor.is_behind(mailbox.flags()));
  EXPECT_TRUE(cursor.advance(mailbox.flags(), kTellAll).empty());
}

TEST(Cursor, TellsArrivals) {
  TestMailbox mailbox;
  Cursor cursor(mailbox.flags());
  mailbox.append(2);
  const Updates updates = cursor.advance(mailbox.flags(), kTellAll);
  EXPECT_EQ(updates.exists, 2U);
  EXPECT_EQ(updates.arrived.to_text(), "1:2");
  EXPECT_THAT(updates.changed, IsEmpty()) << "new messages are asked for by the client";
  EXPECT_TRUE(cursor.advance(mailbox.flags(), kTellAll).empty());
}

TEST(Cursor, FlagsOfMessagesThatCameWithoutFlagsAreNoChange) {
  constexpr Tellings kNoFlags = bit(Telling::arrivals) | bit(Telling::expunges);
  TestMailbox mailbox;
  mailbox.append();
  Cursor cursor(mailbox.flags());
  mailbox.append();
  EXPECT_EQ(cursor.advance(mailbox.flags(), kNoFlags).exists, 2U);
  EXPECT_FALSE(cursor.is_waiting());
  EXPECT_TRUE(cursor.advance(mailbox.flags(), kTellAll).empty());
  // A change before the arrival waits, and so does one after it.
  mailbox.set_flags(1, 1);
  mailbox.append();
  EXPECT_EQ(cursor.advance(mailbox.flags(), kNoFlags).exists, 3U);
  EXPECT_TRUE(cursor.is_waiting());
  mailbox.set_flags(2, 1);
  const Updates updates = cursor.advance(mailbox.flags(), kTellAll);
  std::vector<std::uint32_t> uids;
  for (const Updates::Changed& changed : updates.changed) uids.push_back(changed.uid.value);
  EXPECT_THAT(uids, ::testing::IsSupersetOf({1U, 2U}));
}

TEST(Cursor, NumbersFlagsAfterExpunges) {
  TestMailbox mailbox;
  mailbox.append(5);
  Cursor cursor(mailbox.flags());
  mailbox.set_flags(4, 1);
  mailbox.expunge({2, 3});
  const Updates updates = cursor.advance(mailbox.flags(), kTellAll);
  EXPECT_THAT(updates.gone, ElementsAre(Seqnum(2), Seqnum(3)));
  EXPECT_EQ(updates.gone_uids.to_text(), "2:3");
  EXPECT_FALSE(updates.exists);
  ASSERT_EQ(updates.changed.size(), 1U);
  EXPECT_EQ(updates.changed[0].seqnum, Seqnum(2));
  EXPECT_EQ(updates.changed[0].uid, Uid(4));
}

TEST(Cursor, ExpungesWaitWhileTheRestGoesAhead) {
  TestMailbox mailbox;
  mailbox.append(4);
  Cursor cursor(mailbox.flags());
  const ModSeq whole = cursor.highest_modseq();
  mailbox.expunge({2});
  mailbox.append(1);
  mailbox.set_flags(3, 1);
  Updates updates = cursor.advance(mailbox.flags(), kNumbersStay);
  EXPECT_THAT(updates.gone, IsEmpty());
  EXPECT_EQ(updates.exists, 5U);
  ASSERT_EQ(updates.changed.size(), 1U);
  EXPECT_EQ(updates.changed[0].seqnum, Seqnum(3));
  EXPECT_THAT(told_uids(cursor), ElementsAre(1, 2, 3, 4, 5));
  EXPECT_TRUE(cursor.is_waiting());
  EXPECT_EQ(cursor.highest_modseq(), whole) << "RFC 7162 3.2: below the waiting expunge";

  updates = cursor.advance(mailbox.flags(), kTellAll);
  EXPECT_THAT(updates.gone, ElementsAre(Seqnum(2)));
  EXPECT_FALSE(updates.exists);
  EXPECT_THAT(told_uids(cursor), ElementsAre(1, 3, 4, 5));
  EXPECT_EQ(cursor.highest_modseq(), mailbox.now().head.highest_modseq);
}

TEST(Cursor, ArrivalsThatCameAndWentWhileExpungesWait) {
  TestMailbox mailbox;
  mailbox.append(2);
  Cursor cursor(mailbox.flags());
  mailbox.expunge({1});
  mailbox.append(2);
  EXPECT_EQ(cursor.advance(mailbox.flags(), kNumbersStay).exists, 4U);
  mailbox.expunge({3});
  mailbox.append(1);
  EXPECT_EQ(cursor.advance(mailbox.flags(), kNumbersStay).exists, 5U);
  EXPECT_THAT(told_uids(cursor), ElementsAre(1, 2, 3, 4, 5));
  EXPECT_EQ(cursor.told().position_of(Uid(4)), 3U);
  const Updates updates = cursor.advance(mailbox.flags(), kTellAll);
  EXPECT_THAT(updates.gone, ElementsAre(Seqnum(1), Seqnum(3)));
  EXPECT_THAT(told_uids(cursor), ElementsAre(2, 4, 5));
}

TEST(Cursor, FlagsOnlyLeavesArrivalsForLater) {
  TestMailbox mailbox;
  mailbox.append(1);
  Cursor cursor(mailbox.flags());
  mailbox.append(1);
  mailbox.set_flags(1, 1);
  Updates updates = cursor.advance(mailbox.flags(), bit(Telling::flags));
  EXPECT_FALSE(updates.exists);
  EXPECT_EQ(updates.changed.size(), 1U);
  EXPECT_TRUE(cursor.is_behind(mailbox.flags()));
  updates = cursor.advance(mailbox.flags(), kTellAll);
  EXPECT_EQ(updates.exists, 2U);
  EXPECT_THAT(updates.changed, IsEmpty());
}

TEST(Cursor, DoesNotRepeatItsOwnChange) {
  TestMailbox mailbox;
  mailbox.append(2);
  Cursor cursor(mailbox.flags());
  const ModSeq own = mailbox.set_flags(1, 1);
  mailbox.set_flags(2, 2);
  cursor.told_change(own);
  const Updates updates = cursor.advance(mailbox.flags(), kTellAll);
  ASSERT_EQ(updates.changed.size(), 1U);
  EXPECT_EQ(updates.changed[0].uid, Uid(2));
}

TEST(Cursor, ArrivalsAreHeldBackWhenTooManyPartsWouldBeNeeded) {
  TestMailbox mailbox;
  mailbox.append(1);
  Cursor cursor(mailbox.flags());
  mailbox.expunge({1});
  for (std::uint32_t i = 0; i < 3 * Membership::kMaxParts; ++i) {
    mailbox.append(1);
    cursor.advance(mailbox.flags(), kNumbersStay);
    mailbox.expunge({i + 2});
  }
  EXPECT_LE(cursor.count(), Membership::kMaxParts);
  cursor.advance(mailbox.flags(), kTellAll);
  EXPECT_EQ(cursor.count(), 0U);
  EXPECT_FALSE(cursor.is_waiting());
}

/// A client that applies everything it is told has the contents of the mailbox at the end.
TEST(Cursor, AClientThatListensIsRight) {
  std::minstd_rand random(7);
  const auto below = [&](std::uint32_t n) { return static_cast<std::uint32_t>(random() % n); };
  TestMailbox mailbox;
  mailbox.append(20);
  Cursor cursor(mailbox.flags());
  std::vector<std::pair<std::uint32_t, SystemFlags>> client;
  for (std::uint32_t uid = 1; uid <= 20; ++uid) client.emplace_back(uid, 0);
  for (int round = 0; round < 3000; ++round) {
    const std::uint32_t count = mailbox.now().contents->count();
    const std::uint32_t action = below(4);
    if (action == 0 || count == 0) {
      mailbox.append(1 + below(3));
    } else if (action == 1) {
      mailbox.expunge({mailbox.now().contents->members().uid_at(below(count)).value});
    } else {
      mailbox.set_flags(mailbox.now().contents->members().uid_at(below(count)).value,
                        static_cast<SystemFlags>(below(32)));
    }
    if (below(3) != 0) continue;
    const Updates updates = cursor.advance(mailbox.flags(), static_cast<Tellings>(below(8)));
    for (auto it = updates.gone.rbegin(); it != updates.gone.rend(); ++it) {
      ASSERT_LE(it->value, client.size());
      client.erase(client.begin() + it->value - 1);
    }
    if (updates.exists) {
      // The client fetches what is new.
      for (auto position = static_cast<std::uint32_t>(client.size()); position < *updates.exists;
           ++position) {
        const Uid uid = cursor.told().uid_at(position);
        const auto at = mailbox.now().contents->members().position_of(uid);
        client.emplace_back(uid.value, at ? mailbox.now().contents->flags_at(*at).system : 0);
      }
    }
    for (const Updates::Changed& changed : updates.changed) {
      ASSERT_EQ(client.at(changed.seqnum.value - 1).first, changed.uid.value);
      client[changed.seqnum.value - 1].second = changed.flags.system;
    }
    ASSERT_EQ(client.size(), cursor.count());
  }
  const Updates updates = cursor.advance(mailbox.flags(), kTellAll);
  for (auto it = updates.gone.rbegin(); it != updates.gone.rend(); ++it) {
    client.erase(client.begin() + it->value - 1);
  }
  for (const Updates::Changed& changed : updates.changed) {
    client.at(changed.seqnum.value - 1).second = changed.flags.system;
  }
  for (std::uint32_t i = 0; i < client.size(); ++i) {
    EXPECT_EQ(client[i].first, mailbox.now().contents->members().uid_at(i).value);
    EXPECT_EQ(client[i].second, mailbox.now().contents->flags_at(i).system);
  }
}

TEST(Rows, AreNumberedByWhatWasTold) {
  TestMailbox mailbox;
  mailbox.append(700);
  Cursor cursor(mailbox.flags());
  mailbox.expunge({2});
  NumberSet all;
  all.add(1, 800);
  std::vector<Row> rows;
  RowReader reader(cursor.told(), mailbox.flags(), all);
  std::uint32_t seen = 0;
  while (reader.next(rows, 256)) {
    ASSERT_LE(rows.size(), 256U);
    for (const Row& row : rows) {
      EXPECT_EQ(row.seqnum.value, ++seen);
      EXPECT_EQ(row.member.uid.value, seen);
      EXPECT_NE(row.flags.modseq.value, 0U);
    }
  }
  EXPECT_EQ(seen, 700U) << "the one removed is still there for this session";
}

TEST(Rows, ChangedSinceSkipsAndGoesOn) {
  TestMailbox mailbox;
  mailbox.append(1000);
  const ModSeq before = mailbox.now().head.highest_modseq;
  mailbox.set_flags(999, 1);
  const Membership told(mailbox.now().contents->shared_members());
  NumberSet all;
  all.add(1, 1000);
  RowReader reader(told, mailbox.flags(), all);
  std::vector<Row> rows;
  ASSERT_TRUE(reader.next(rows, 10, before));
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].seqnum, Seqnum(999));
  EXPECT_FALSE(reader.next(rows, 10, before));
}

TEST(Membership, TranslatesSets) {
  TestMailbox mailbox;
  mailbox.append(6);
  mailbox.expunge({2, 5});
  const Membership told(mailbox.now().contents->shared_members());
  NumberSet seqnums;
  seqnums.add(2, 9);
  EXPECT_EQ(told.uids_of(seqnums).to_text(), "3:4,6");
  NumberSet uids;
  uids.add(2, 4);
  uids.add(6, UINT32_MAX);
  EXPECT_EQ(told.seqnums_of(uids).to_text(), "2:4");
}

}  // namespace
}  // namespace posthorn::service
