// What can still be read of a damaged store, and what is reported about the rest.

#include "store/format/record.h"
#include "store/read/damage_scan.h"
#include "store/store_state.h"
#include "store/upkeep/damage_log.h"
#include "store/upkeep/test_damage.h"

namespace posthorn::store {
namespace {

class BodyDamageTest : public DamageFixture {
 protected:
  BodyReader reader() {
    auto opened = BodyReader::open(ann_, newest_body_);
    EXPECT_TRUE(opened);
    return std::move(*opened);
  }
};

TEST_F(BodyDamageTest, EveryPieceOfARangeIsTried) {
  append_large(900'000, 1);
  ASSERT_GE(pieces().size(), 3U);
  faulty_->damage_piece(pieces()[1].name, damaged());
  restart();
  BodyReader body = reader();
  const std::uint64_t first = pieces()[0].size;
  EXPECT_TRUE(run(body.prepare(0, first)));
  EXPECT_TRUE(run(body.prepare(first + pieces()[1].size, body.size())));
  for (const auto& [begin, end] : {std::pair(std::uint64_t{0}, body.size()), {first, first + 1}}) {
    const Status ready = run(body.prepare(begin, end));
    ASSERT_FALSE(ready) << begin;
    EXPECT_EQ(ready.error().kind, ErrorKind::corrupt);
  }
}

TEST_F(BodyDamageTest, ALongBodyIsTriedToItsEndAndMostlyNotKept) {
  append_large(4'000'000, 2);
  restart();
  BodyReader body = reader();
  ASSERT_TRUE(run(body.prepare(0, body.size())));
  std::size_t kept = 0;
  for (const BodyPiece& piece : pieces())
    if (store_->state().pieces.find(piece.name)) ++kept;
  EXPECT_GE(kept, 2U);
  EXPECT_LE(kept, 8U);
  faulty_->damage_piece(pieces().back().name, damaged());
  EXPECT_FALSE(run(body.prepare(0, body.size())));
}

TEST(CheckPage, SaysWhatUnpackingWouldSay) {
  for (const std::string& payload : {std::string(5000, 'x'), std::string("abc")}) {
    std::string record = seal_page(payload);
    EXPECT_TRUE(check_page(record, payload.size()));
    EXPECT_FALSE(check_page(record, payload.size() + 1));
    record[record.size() / 2] = static_cast<char>(record[record.size() / 2] ^ 1);
    EXPECT_FALSE(check_page(record, payload.size()));
  }
}

// --- the log -------------------------------------------------------------------------------------

TEST(DamageLog, SaysAMessageOnceADay) {
  DamageLog log;
  const DamageLog::Place place{{}, "ann@example.org", MailboxId(1), "INBOX"};
  const Error why{ErrorKind::corrupt, "damaged"};
  const auto set = [](std::uint32_t first, std::uint32_t last) {
    return NumberSet::from_ranges({{first, last}});
  };
  EXPECT_EQ(log.note_messages(place, set(3, 5), why, 1000), set(3, 5));
  EXPECT_TRUE(log.note_messages(place, set(3, 5), why, 1001).empty());
  EXPECT_EQ(log.note_messages(place, set(4, 6), why, 1002), set(6, 6));
  EXPECT_EQ(log.note_messages(place, set(3, 5), why, 1000 + 86400), set(3, 5));
  EXPECT_TRUE(log.note_mailbox(place, "it cannot be opened", why, 1000 + 86400));
  EXPECT_FALSE(log.note_mailbox(place, "it cannot be opened", why, 1001 + 86400));
}

TEST(DamageLog, RemembersABoundedNumber) {
  DamageLog log;
  const Error why{ErrorKind::corrupt, "damaged"};
  std::size_t said = 0;
  for (std::uint32_t id = 1; id <= DamageLog::kMostMailboxes + 10; ++id)
    if (log.note_mailbox({{}, "", MailboxId(id), ""}, "it is damaged", why, 0)) ++said;
  EXPECT_EQ(said, DamageLog::kMostMailboxes);
  std::size_t lines = 0;
  for (std::uint32_t uid = 1; uid < 4 * DamageLog::kMostRanges; uid += 2)
    if (!log.note_messages({{}, "", MailboxId(1), ""}, NumberSet::from_ranges({{uid, uid}}), why, 0)
             .empty())
      ++lines;
  EXPECT_EQ(lines, DamageLog::kMostRanges);
}

TEST(DamageLog, LongSetsAreCutShort) {
  EXPECT_EQ(describe_uids(NumberSet::from_ranges({{7, 7}})), "UID 7");
  EXPECT_EQ(describe_uids(NumberSet::from_ranges({{3, 5}, {9, 9}})), "UIDs 3:5,9");
  NumberSet many;
  for (std::uint32_t uid = 1; uid < 100'000; uid += 2) many.add(uid);
  EXPECT_LT(describe_uids(many).size(), 220U);
  EXPECT_TRUE(describe_uids(many).ends_with(",..."));
}

// --- around damaged rows -------------------------------------------------------------------------

class ScanDamageTest : public DamageFixture {
 protected:
  static std::string key(int i) { return fmt::format("t{:05}", i); }
  void fill(int count) {
    std::vector<engine::Edit> edits;
    for (int i = 0; i < count; ++i) edits.push_back({key(i), "v"});
    edit_rows(std::move(edits));
  }
};

TEST_F(ScanDamageTest, RowsBeforeAndBehindAreHad) {
  fill(5000);
  faulty_->damage_rows(ann_->id(), key(1200), key(1300), damaged());
  faulty_->damage_rows(ann_->id(), key(4000), key(4001), damaged());
  std::vector<std::string> rows;
  std::vector<DamagedRange> ranges;
  ASSERT_TRUE(for_each_readable_row(
      *engine_, ann_->id(), "t", [&](const engine::Row& row) { rows.push_back(row.key); },
      [&](const DamagedRange& range) { ranges.push_back(range); }));
  // The row before each range may lie within it.
  EXPECT_EQ(ranges.size(), 2U);
  EXPECT_EQ(rows.size(), 5000U - 101 - 2);
  EXPECT_EQ(rows.back(), key(4999));
  EXPECT_TRUE(std::ranges::is_sorted(rows));
  for (const DamagedRange& range : ranges)
    for (const std::string& row : rows) EXPECT_FALSE(range.first <= row && row < range.last) << row;
}

TEST_F(ScanDamageTest, DamageUpToTheEndEnds) {
  fill(100);
  faulty_->damage_rows(ann_->id(), key(50), key(200), damaged());
  std::size_t rows = 0;
  std::size_t ranges = 0;
  ASSERT_TRUE(for_each_readable_row(
      *engine_, ann_->id(), "t", [&](const engine::Row&) { ++rows; },
      [&](const DamagedRange&) { ++ranges; }));
  EXPECT_EQ(rows, 49U);
  EXPECT_EQ(ranges, 1U);
}

TEST_F(ScanDamageTest, TroubleThatIsNoDamageEndsIt) {
  fill(100);
  Status scanned;
  // The account reads what the commit of the rows changed, and may be the one whose read fails.
  for (int tries = 0; scanned && tries < 100; ++tries) {
    faulty_->fail_reads({ErrorKind::unavailable, "busy"});
    scanned = for_each_readable_row(
        *engine_, ann_->id(), "t", [](const engine::Row&) {}, [](const DamagedRange&) {});
  }
  ASSERT_FALSE(scanned);
  EXPECT_EQ(scanned.error().kind, ErrorKind::unavailable);
}

TEST_F(ScanDamageTest, PartitionsBehindTheDamageAreFound) {
  std::vector<AccountId> ids = {ann_->id()};
  for (int i = 0; i < 30; ++i)
    ids.push_back(make_account(fmt::format("user{}@example.org", i))->id());
  std::ranges::sort(ids);
  faulty_->damage_partitions(ids[10], ids[12], damaged());
  std::vector<AccountId> found;
  std::size_t ranges = 0;
  ASSERT_TRUE(for_each_readable_partition(
      *engine_,
      [&](const PartitionId& id) {
        if (is_account_partition(id)) found.push_back(id);
      },
      [&](const DamagedRange&) { ++ranges; }));
  EXPECT_EQ(ranges, 1U);
  ASSERT_EQ(found.size(), ids.size() - 3);
  EXPECT_EQ(found.back(), ids.back());
}

}  // namespace
}  // namespace posthorn::store
