#include "store/upkeep/age_out.h"

#include <optional>

#include "base/bytes.h"
#include "store/format/codec.h"
#include "store/format/keys.h"
#include "store/format/system.h"
#include "store/store_fixture.h"
#include "store/store_numbers.h"

namespace posthorn::store {
namespace {

constexpr std::int64_t kDay = 86400;

class AgeOutTest : public StoreFixture {
 protected:
  ~AgeOutTest() override { ann_.reset(); }

  MailboxPtr box(const AccountPtr& account, std::string_view name) {
    return account->published()->find(name);
  }
  MailboxId id_of(std::string_view name) { return box(ann_, name)->id; }
  std::uint32_t count(std::string_view name) { return box(ann_, name)->head.messages; }

  void append(const AccountPtr& account, std::string_view name) {
    const MailboxId id = box(account, name)->id;
    const NewEmail email = upload(account, message(std::to_string(++made_)));
    ASSERT_TRUE(change(account, {}, [&](Change& c) -> Status {
      // The date that the sender wrote says nothing about when the message came here.
      auto uid = c.append(id, email, {}, {1000, 0});
      return uid ? Status() : pass(uid);
    }));
  }
  void move(std::string_view from, std::string_view to) {
    const MailboxId source = id_of(from);
    const MailboxId target = id_of(to);
    ASSERT_TRUE(change(ann_, {source}, [&](Change& c) -> Status {
      auto moved = c.move(source, NumberSet::from_ranges({{1, UINT32_MAX}}), target);
      return moved ? Status() : pass(moved);
    }));
  }
  void set_own(std::string_view name, std::optional<std::string> value) {
    const MailboxId id = id_of(name);
    ASSERT_TRUE(change(ann_, {}, [&](Change& c) {
      return c.set_annotation({id, {}, std::string(kRetentionEntry)}, std::move(value));
    }));
  }
  void policy(std::int64_t trash_days, std::int64_t junk_days = 0) {
    set_retention(*store_, {.trash_seconds = trash_days * kDay, .junk_seconds = junk_days * kDay});
  }
  void days_pass(int days) { clock_.advance(std::chrono::hours(24 * days)); }
  void sweep() {
    const Status swept = run(store_->sweep());
    ASSERT_TRUE(swept) << swept.error().text;
  }
  /// The days for which accounts are listed, from today on.
  std::vector<std::int64_t> listed() {
    auto rows = run(engine_->scan(system_partition(), std::string(keys::kDueAge),
                                  keys::after_prefix(keys::kDueAge), 1000));
    EXPECT_TRUE(rows);
    std::vector<std::int64_t> days;
    const std::int64_t today = clock_.now().seconds / kDay;
    for (const engine::Row& row : rows->rows) {
      ByteReader r(std::string_view(row.key).substr(1));
      days.push_back(std::int64_t{r.u32()} - today);
    }
    return days;
  }

  AccountPtr ann_ = make_account("ann@example.org");
  int made_ = 0;
};

TEST_F(AgeOutTest, NothingExpiresByDefault) {
  append(ann_, "Trash");
  append(ann_, "Junk");
  days_pass(4000);
  sweep();
  EXPECT_EQ(count("Trash"), 1U);
  EXPECT_EQ(count("Junk"), 1U);
  EXPECT_TRUE(listed().empty());
}

TEST_F(AgeOutTest, CountsFromWhenAMessageCameIntoTheMailbox) {
  policy(30);
  append(ann_, "INBOX");
  days_pass(100);
  move("INBOX", "Trash");
  sweep();
  EXPECT_EQ(count("Trash"), 1U);
  days_pass(29);
  append(ann_, "Trash");
  sweep();
  EXPECT_EQ(count("Trash"), 2U);
  days_pass(2);
  sweep();
  EXPECT_EQ(count("Trash"), 1U) << "the first is older than 30 days, the second is not";
  days_pass(30);
  sweep();
  EXPECT_EQ(count("Trash"), 0U);
  EXPECT_TRUE(listed().empty());
}

/// An earlier version did not note when messages came into a mailbox.
TEST_F(AgeOutTest, MessagesOfWhichThatIsNotKnownStay) {
  policy(30);
  append(ann_, "Trash");
  append(ann_, "Trash");
  const MailboxPtr trash = box(ann_, "Trash");
  auto loaded = run(ann_->load(trash->id));
  ASSERT_TRUE(loaded);
  StoredRow row;
  row.member = (*loaded)->contents->members().at(0);
  row.member.save_date = 0;
  row.modseq = (*loaded)->contents->flags_at(0).modseq;
  const AccountId id = ann_->id();
  ann_.reset();
  const std::string key = keys::tail_row(trash->id, row.member.uid);
  ASSERT_TRUE(edit_row(*engine_, id, key, [&](const std::optional<std::string>&) {
    return Result<std::vector<engine::Edit>>(std::vector<engine::Edit>{{key, encode_row(row)}});
  }));
  reopen();
  policy(30);
  ann_ = open_account(id);
  days_pass(100);
  sweep();
  EXPECT_EQ(count("Trash"), 1U);
  EXPECT_TRUE(listed().empty());
}

TEST_F(AgeOutTest, IsSeenByHistoryAndQuotaLikeAnyOtherRemoval) {
  policy(30);
  append(ann_, "Trash");
  const ModSeq before = box(ann_, "Trash")->head.highest_modseq;
  const std::uint64_t octets = ann_->published()->counters.bytes;
  ASSERT_GT(octets, 0U);
  days_pass(32);
  sweep();
  const auto expunged = run(ann_->expunged_since(id_of("Trash"), before));
  ASSERT_TRUE(expunged);
  EXPECT_TRUE(expunged->complete);
  EXPECT_EQ(expunged->uids.count(), 1U);
  EXPECT_GT(box(ann_, "Trash")->head.highest_modseq, before);
  EXPECT_EQ(ann_->published()->counters.bytes, 0U);
}

TEST_F(AgeOutTest, OneAccountIsListedForTheDayOnWhichItsOldestMessageFallsDue) {
  policy(30, 10);
  append(ann_, "Trash");
  append(ann_, "Trash");
  append(ann_, "INBOX");
  EXPECT_EQ(listed(), std::vector<std::int64_t>{30});
  days_pass(5);
  append(ann_, "Junk");
  EXPECT_EQ(listed(), (std::vector<std::int64_t>{10, 25}));
  days_pass(11);
  sweep();
  EXPECT_EQ(count("Junk"), 0U);
  EXPECT_EQ(count("Trash"), 2U);
  EXPECT_EQ(listed(), std::vector<std::int64_t>{14});
}

TEST_F(AgeOutTest, AnIdleAccountIsNotOpened) {
  policy(30);
  append(ann_, "INBOX");
  append(ann_, "Trash");
  days_pass(400);
  sweep();
  EXPECT_EQ(count("Trash"), 0U);
  days_pass(60);
  sweep();  // What expired is dropped for good, which is another list.
  ann_.reset();
  reopen();
  policy(30);
  days_pass(400);
  sweep();
  EXPECT_TRUE(listed().empty());
  EXPECT_EQ(numbers_of(*store_).open_accounts, 0U);
}

TEST_F(AgeOutTest, AnAgeThatTheOperatorSetsLaterReachesOldMail) {
  append(ann_, "Trash");
  append(ann_, "Junk");
  days_pass(40);
  policy(60);
  sweep();
  EXPECT_EQ(count("Trash"), 1U);
  EXPECT_EQ(listed(), std::vector<std::int64_t>{20});
  policy(30);  // Shorter: everybody is looked at again.
  sweep();
  EXPECT_EQ(count("Trash"), 0U);
  EXPECT_EQ(count("Junk"), 1U);
  policy(30, 30);
  sweep();
  EXPECT_EQ(count("Junk"), 0U);
}

TEST_F(AgeOutTest, ADamagedRecordOfTheAgesStopsNothing) {
  append(ann_, "Trash");
  days_pass(10);
  policy(7);
  const std::string key(keys::kRetention);
  ASSERT_TRUE(edit_row(*engine_, system_partition(), key, [&](const std::optional<std::string>&) {
    return Result<std::vector<engine::Edit>>(std::vector<engine::Edit>{{key, "damaged"}});
  }));
  sweep();
  EXPECT_EQ(count("Trash"), 0U);
}

TEST_F(AgeOutTest, TheMailboxesOwnSettingTakesEffectWithTheNextSweep) {
  policy(30);
  append(ann_, "Archive");
  append(ann_, "Trash");
  days_pass(20);
  set_own("Archive", "10d");
  set_own("Trash", "never");
  sweep();
  EXPECT_EQ(count("Archive"), 0U);
  days_pass(100);
  sweep();
  EXPECT_EQ(count("Trash"), 1U);
  set_own("Trash", std::nullopt);
  sweep();
  EXPECT_EQ(count("Trash"), 0U);
}

TEST_F(AgeOutTest, ASettingIsFoundAfterARestart) {
  set_own("Archive", "10d");
  append(ann_, "Archive");
  const AccountId id = ann_->id();
  ann_.reset();
  reopen();
  days_pass(9);
  sweep();
  ann_ = open_account(id);
  EXPECT_EQ(count("Archive"), 1U);
  days_pass(2);
  sweep();
  EXPECT_EQ(count("Archive"), 0U);
}

TEST_F(AgeOutTest, AMailboxThatIsGivenAUseFollowsIt) {
  policy(30);
  append(ann_, "Archive");
  days_pass(40);
  const MailboxId id = id_of("Archive");
  ASSERT_TRUE(change(ann_, {}, [&](Change& c) -> Status {
    c.set_special_use(id, bit(SpecialUse::trash));
    return {};
  }));
  sweep();
  EXPECT_EQ(count("Archive"), 0U);
}

TEST_F(AgeOutTest, WhatTheRestOfADayBringsIsNotForgotten) {
  policy(1);
  sweep();
  clock_.advance(std::chrono::seconds(kDay - clock_.now().seconds % kDay));  // Midnight.
  append(ann_, "Trash");
  clock_.advance(std::chrono::hours(20));
  append(ann_, "Trash");
  clock_.advance(std::chrono::hours(5));  // An hour into the second day.
  sweep();
  EXPECT_EQ(count("Trash"), 2U) << "a day is worked off when it has ended";
  append(ann_, "Archive");
  set_own("Archive", "5d");  // Has the account looked at now.
  sweep();
  EXPECT_EQ(count("Trash"), 1U);
  EXPECT_EQ(listed(), std::vector<std::int64_t>{0});
  days_pass(1);
  sweep();
  EXPECT_EQ(count("Trash"), 0U);
  EXPECT_EQ(listed(), std::vector<std::int64_t>{4});
}

TEST_F(AgeOutTest, ARemovedAccountIsForgotten) {
  policy(30);
  append(ann_, "Trash");
  const AccountId id = ann_->id();
  ann_.reset();
  ASSERT_TRUE(run(store_->remove_account(id)));
  days_pass(3);
  sweep();
  days_pass(60);
  sweep();
  EXPECT_TRUE(listed().empty());
  ann_ = make_account("ann2@example.org");
}

}  // namespace
}  // namespace posthorn::store
