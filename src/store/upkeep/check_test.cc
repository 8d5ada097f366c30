// What check finds in a damaged store, and what it repairs.

#include "store/format/mailbox_storage.h"
#include "store/upkeep/test_damage.h"

namespace posthorn::store {
namespace {

class CheckTest : public DamageFixture {
 protected:
  /// Fills INBOX with `count` messages, packed into pages of 4,096 rows, and three tail rows.
  void fill(std::uint32_t count) {
    append(message("one"));
    while (ann_->published()->find(inbox_)->head.messages < count)
      ASSERT_TRUE(change(ann_, {inbox_}, [&](Change& c) -> Status {
        const std::uint32_t there = c.state().find(inbox_)->head.messages;
        auto made =
            c.copy(inbox_, NumberSet::from_ranges({{1, std::min(there, count - there)}}), inbox_);
        return made ? Status{} : pass(made);
      }));
    for (int i = 0; i < 3; ++i) append(message("behind " + std::to_string(i)));
  }
  [[nodiscard]] MailboxHead head() const { return ann_->published()->find(inbox_)->head; }
  void expect_clean() {
    const Store::CheckReport report = check();
    EXPECT_TRUE(report.findings.empty()) << all_of(report.findings);
  }
};

// --- rows that do not match their head ----------------------------------------------------------

TEST_F(CheckTest, AMailboxWithFewerRowsThanItsHeadSaysCanBeOpened) {
  for (int i = 0; i < 5; ++i) append(message(std::to_string(i)));
  const MailboxHead before = head();
  edit_rows({{keys::tail_row(inbox_, Uid(2)), std::nullopt},
             {keys::tail_row(inbox_, Uid(5)), std::nullopt}});
  restart();
  EXPECT_EQ(uids(inbox_), (std::vector<std::uint32_t>{1, 3, 4}));
  EXPECT_EQ(head().messages, 3U);
  EXPECT_EQ(head().unseen, 3U);
  EXPECT_EQ(head().uid_validity, before.uid_validity);
  EXPECT_EQ(head().uid_next, before.uid_next);
  EXPECT_EQ(ann_->published()->counters.messages, 3U);
  EXPECT_EQ(append(message("next")), Uid(6));
  // The head is stored with the next change.
  restart();
  expect_clean();
}

TEST_F(CheckTest, RowsAreLookedForWhereAWrongHeadSaysThatThereAreNone) {
  for (int i = 0; i < 3; ++i) append(message(std::to_string(i)));
  MailboxHead wrong = head();
  wrong.messages = 0;
  wrong.uid_next = Uid(1);
  edit_rows({{keys::head(inbox_), encode_head(wrong, 0)}});
  restart();
  EXPECT_EQ(uids(inbox_), (std::vector<std::uint32_t>{1, 2, 3}));
  EXPECT_EQ(append(message("next")), Uid(4));
}

TEST_F(CheckTest, RepairStoresTheHeadThatTheRowsMake) {
  for (int i = 0; i < 5; ++i) append(message(std::to_string(i)));
  const MailboxHead before = head();
  edit_rows({{keys::tail_row(inbox_, Uid(2)), std::nullopt}});
  restart();
  const Store::CheckReport found = check();
  EXPECT_TRUE(says(found.findings, {"ann@example.org", "INBOX", "do not match"}))
      << all_of(found.findings);
  EXPECT_TRUE(found.repaired.empty());
  restart();  // Loading alone stores nothing.
  const Store::CheckReport repaired = check(Store::Repair::mailboxes);
  EXPECT_TRUE(says(repaired.repaired, {"ann@example.org", "INBOX", "4 messages"}))
      << all_of(repaired.repaired);
  restart();
  expect_clean();
  EXPECT_EQ(head().messages, 4U);
  EXPECT_EQ(head().uid_next, before.uid_next);
  EXPECT_EQ(head().uid_validity, before.uid_validity);
  EXPECT_GT(head().highest_modseq, before.highest_modseq);
  EXPECT_EQ(uids(inbox_), (std::vector<std::uint32_t>{1, 3, 4, 5}));
}

TEST_F(CheckTest, RepairPutsWrongQuotaCountersRight) {
  append(message("one"));
  AccountCounters wrong = ann_->published()->counters;
  wrong.bytes += 1000;
  edit_rows({{keys::account(), encode_counters(wrong)}});
  restart();
  EXPECT_TRUE(says(check().findings, {"quota counters"}));
  check(Store::Repair::mailboxes);
  restart();
  expect_clean();
}

// --- rows that cannot be read --------------------------------------------------------------------

TEST_F(CheckTest, AMailboxWithADamagedPageIsReportedAndRepaired) {
  fill(9000);
  restart();
  ASSERT_EQ(uids(inbox_).size(), 9003U);
  const MailboxHead before = head();
  const auto chunks = run(ann_->load(inbox_)).value()->storage->chunks;
  ASSERT_GE(chunks.size(), 2U);
  faulty_->damage_page(ann_->id(), chunks[0].page, damaged());
  restart();
  // It is not shown without these messages, because a client would take them for removed.
  const auto opened = run(ann_->load(inbox_));
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, ErrorKind::corrupt);
  const Store::CheckReport found = check();
  const std::string lost = fmt::format("UIDs 1:{}", chunks[0].last.value);
  EXPECT_TRUE(says(found.findings, {"ann@example.org", "INBOX", "cannot be opened"}));
  EXPECT_TRUE(says(found.findings, {"ann@example.org", "INBOX", lost})) << all_of(found.findings);
  EXPECT_FALSE(run(ann_->load(inbox_)));

  const Store::CheckReport repaired = check(Store::Repair::mailboxes);
  EXPECT_TRUE(says(repaired.repaired, {"INBOX", lost})) << all_of(repaired.repaired);
  restart();
  expect_clean();
  std::vector<std::uint32_t> rest;
  for (std::uint32_t uid = chunks[0].last.value + 1; uid <= 9003; ++uid) rest.push_back(uid);
  EXPECT_EQ(uids(inbox_), rest);
  EXPECT_EQ(head().uid_next, before.uid_next);
  EXPECT_EQ(head().uid_validity, before.uid_validity);
  EXPECT_GT(head().highest_modseq, before.highest_modseq);
}

TEST_F(CheckTest, ARowThatCannotBeDecodedCostsItsMessageAlone) {
  for (int i = 0; i < 5; ++i) append(message(std::to_string(i)));
  edit_rows({{keys::tail_row(inbox_, Uid(4)), "nonsense"}});
  restart();
  EXPECT_FALSE(run(ann_->load(inbox_)));
  EXPECT_TRUE(says(check().findings, {"INBOX", "UID 4 cannot be read"}));
  check(Store::Repair::mailboxes);
  restart();
  expect_clean();
  EXPECT_EQ(uids(inbox_), (std::vector<std::uint32_t>{1, 2, 3, 5}));
  EXPECT_EQ(append(message("next")), Uid(6));
  restart();
  expect_clean();
}

TEST_F(CheckTest, WhatTheEngineCannotReadIsReportedAndLeftAlone) {
  for (int i = 0; i < 5; ++i) append(message(std::to_string(i)));
  faulty_->damage_rows(ann_->id(), keys::tail_row(inbox_, Uid(3)), keys::tail_row(inbox_, Uid(4)),
                       damaged());
  restart();
  const Store::CheckReport report = check(Store::Repair::mailboxes);
  EXPECT_TRUE(says(report.findings, {"INBOX", "UID 3 "})) << all_of(report.findings);
  EXPECT_TRUE(says(report.findings, {"INBOX", "not repaired"})) << all_of(report.findings);
  EXPECT_TRUE(report.repaired.empty());
  // Nothing is lost if the disk can be read again.
  faulty_->heal();
  restart();
  EXPECT_EQ(uids(inbox_).size(), 5U);
  expect_clean();
}

TEST_F(CheckTest, AMailboxThatCannotBeOpenedCanBeDeleted) {
  const MailboxId archive = ann_->published()->find("Archive")->id;
  for (int i = 0; i < 3; ++i) append(message(std::to_string(i)));
  ASSERT_TRUE(change(ann_, {inbox_}, [&](Change& c) -> Status {
    auto made = c.copy(inbox_, NumberSet::from_ranges({{1, 3}}), archive);
    return made ? Status{} : pass(made);
  }));
  edit_rows({{keys::tail_row(archive, Uid(2)), "nonsense"}});
  restart();
  const auto refused =
      change(ann_, {archive}, [](Change& c) { return c.delete_mailbox("Archive"); });
  ASSERT_FALSE(refused);
  ASSERT_TRUE(run(ann_->load_readable(archive)));
  ASSERT_TRUE(change(ann_, {archive}, [](Change& c) { return c.delete_mailbox("Archive"); }));
  restart();
  EXPECT_EQ(ann_->published()->find("Archive"), nullptr);
  expect_clean();
}

// --- the rest of the store -----------------------------------------------------------------------

TEST_F(CheckTest, GoesOnBehindADamagedAccount) {
  append(message("one"));
  const AccountPtr bob = make_account("bob@example.org");
  faulty_->damage_rows(ann_->id(), "h", "i", damaged());
  const AccountId id = ann_->id();
  ann_.reset();
  reopen();
  const Store::CheckReport report = check();
  EXPECT_TRUE(says(report.findings, {"ann@example.org", to_hex(id), "cannot be opened"}))
      << all_of(report.findings);
  EXPECT_FALSE(says(report.findings, {"bob@example.org"}));
  EXPECT_EQ(report.accounts, 1U);
  faulty_->heal();
}

TEST_F(CheckTest, AccountsAreFoundWhereverOneOfTheListsIsDamaged) {
  append(message("one"));
  const PartitionId shard = directory_partition(directory_shard_of("ann@example.org"));
  faulty_->damage_rows(shard, "u", "v", damaged());
  Store::CheckReport report = check();
  EXPECT_TRUE(says(report.findings, {"directory"})) << all_of(report.findings);
  EXPECT_EQ(report.messages, 1U);
  faulty_->heal();
  faulty_->damage_partitions(ann_->id(), ann_->id(), damaged());
  report = check();
  EXPECT_TRUE(says(report.findings, {"list of accounts"})) << all_of(report.findings);
  EXPECT_EQ(report.messages, 1U);
}

TEST_F(CheckTest, OutboxesAreFoundThoughTheQueuesListIsDamaged) {
  const PartitionId shard = queue_partition(ann_->id().bytes.back() % kQueueShards);
  std::vector<engine::Edit> row = {{"q" + std::string(ann_->id().view()), "nonsense"}};
  ASSERT_TRUE(commit_and_wait(
      *engine_, {.partition = shard, .expect = {}, .edits = std::move(row), .carry = {}}));
  auto listed = run(store_->accounts_with_outbox());
  ASSERT_TRUE(listed);
  EXPECT_EQ(*listed, std::vector{ann_->id()});
  faulty_->damage_rows(shard, "q", "r", damaged());
  listed = run(store_->accounts_with_outbox());
  ASSERT_TRUE(listed);
  EXPECT_EQ(*listed, std::vector{ann_->id()});
  EXPECT_TRUE(says(check().findings, {"queue's list"}));
}

TEST_F(CheckTest, ADamagedFileIsSaidWithTheMessagesItCosts) {
  for (int i = 0; i < 4; ++i) append(message(std::to_string(i)));
  faulty_->damage_piece(pieces()[0].name, {ErrorKind::io, "the storage engine failed", "no file"});
  append(message("last"));
  expect_clean();  // This does not read bodies.
  faulty_->report_file({"/data/000012.blob", "it is missing; it had 100 octets"});
  const Store::CheckReport report = check();
  EXPECT_TRUE(says(report.findings, {"000012.blob", "missing"}));
  EXPECT_TRUE(says(report.findings, {"ann@example.org", "INBOX", "UID 4:"}))
      << all_of(report.findings);
}

TEST_F(CheckTest, MessagesWithOneFaultAreOneFinding) {
  for (int i = 0; i < 6; ++i) {
    append(message(std::to_string(i)));
    if (i % 2 == 0) faulty_->damage_piece(pieces()[0].name, damaged());
  }
  auto report = run(store_->check(true));
  ASSERT_TRUE(report);
  ASSERT_EQ(report->findings.size(), 1U) << all_of(report->findings);
  EXPECT_TRUE(says(report->findings, {"UIDs 1,3,5:"})) << all_of(report->findings);
}

}  // namespace
}  // namespace posthorn::store
