#include "store/upkeep/hold.h"

#include "store/read/email_reader.h"
#include "store/read/removed.h"
#include "store/retention.h"
#include "store/store_fixture.h"

namespace posthorn::store {
namespace {

class HoldTest : public StoreFixture {
 protected:
  ~HoldTest() override { ann_.reset(); }

  std::size_t piece_count() { return engine_->pieces(std::nullopt, 10'000)->size(); }
  void append_one() {
    const MailboxId inbox = ann_->published()->find("INBOX")->id;
    const NewEmail email = upload(ann_, message(std::to_string(++made_)));
    ASSERT_TRUE(change(ann_, {}, [&](Change& c) -> Status {
      auto uid = c.append(inbox, email, {}, clock_.now());
      return uid ? Status() : pass(uid);
    }));
  }
  void expunge_all() {
    const MailboxId inbox = ann_->published()->find("INBOX")->id;
    ASSERT_TRUE(change(ann_, {inbox}, [&](Change& c) -> Status {
      auto gone = c.expunge(inbox, NumberSet::from_ranges({{1, UINT32_MAX}}));
      return gone ? Status() : pass(gone);
    }));
  }
  void hold(std::string reason = "") {
    const Status held = run(hold_account(*store_, ann_->id(), std::move(reason)));
    ASSERT_TRUE(held) << held.error().text;
  }
  void days_pass(int days) { clock_.advance(std::chrono::hours(24 * days)); }
  void sweep() { ASSERT_TRUE(run(store_->sweep())); }
  /// The number of removed messages that the history names.
  std::size_t removed() {
    auto removals = run(async::off_loop(*offload_, read_removals(*engine_, ann_->id(), 0)));
    EXPECT_TRUE(removals);
    return removals->messages.size();
  }

  AccountPtr ann_ = make_account("ann@example.org");
  int made_ = 0;
};

TEST_F(HoldTest, IsStoredWithItsReasonAndTime) {
  EXPECT_FALSE(run(find_hold(*engine_, ann_->id()))->has_value());
  hold("Case 17");
  const std::int64_t since = clock_.now().seconds;
  days_pass(1);
  hold("Case 17 and 18");
  const auto found = run(find_hold(*engine_, ann_->id()));
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->since, since);
  EXPECT_EQ((*found)->reason, "Case 17 and 18");
  EXPECT_EQ(run(hold_account(*store_, ann_->id(), std::string(1001, 'x'))).error().kind,
            ErrorKind::bad_argument);
  EXPECT_EQ(run(hold_account(*store_, ann_->id(), "\xff")).error().kind, ErrorKind::bad_argument);
  AccountId nobody;
  nobody.bytes.fill(9);
  EXPECT_EQ(run(hold_account(*store_, nobody, "")).error().kind, ErrorKind::not_found);
}

TEST_F(HoldTest, KeepsHistoryAndContentBeyondTheHorizon) {
  append_one();
  append_one();
  expunge_all();
  hold();
  for (int i = 0; i < 5; ++i) {
    days_pass(100);
    sweep();
  }
  EXPECT_EQ(piece_count(), 2U);
  EXPECT_EQ(removed(), 2U);
  // It lasts when the server restarts, and covers what is deleted meanwhile.
  const AccountId id = ann_->id();
  ann_.reset();
  reopen();
  ann_ = open_account(id);
  append_one();
  expunge_all();
  days_pass(100);
  sweep();
  EXPECT_EQ(piece_count(), 3U);
  EXPECT_EQ(removed(), 3U);
}

TEST_F(HoldTest, AfterItsEndTheHorizonCountsAgain) {
  append_one();
  expunge_all();
  hold();
  days_pass(100);
  sweep();
  append_one();
  expunge_all();
  ASSERT_TRUE(run(end_hold(*store_, ann_->id())));
  EXPECT_EQ(run(end_hold(*store_, ann_->id())).error().kind, ErrorKind::not_found);
  sweep();
  days_pass(2);  // The grace time of unused pieces.
  sweep();
  EXPECT_EQ(removed(), 1U) << "what was deleted just now is kept for 30 days";
  EXPECT_EQ(piece_count(), 1U);
}

TEST_F(HoldTest, TheAccountCannotBeRemoved) {
  append_one();
  hold();
  EXPECT_EQ(run(store_->remove_account(ann_->id())).error().kind, ErrorKind::no_permission);
  EXPECT_TRUE(run(store_->find_address("ann@example.org"))->has_value());
  EXPECT_FALSE(run(store_->profile(ann_->id()))->disabled);
  ASSERT_TRUE(run(end_hold(*store_, ann_->id())));
  EXPECT_TRUE(run(store_->remove_account(ann_->id())));
}

TEST_F(HoldTest, OneThatComesInTheMomentOfARemovalStopsThePurge) {
  append_one();
  const AccountId id = ann_->id();
  ASSERT_TRUE(run(store_->remove_account(id)));
  hold();
  ann_.reset();
  days_pass(10);
  sweep();
  EXPECT_EQ(piece_count(), 1U);
  ann_ = open_account(id);
  EXPECT_EQ(ann_->published()->find("INBOX")->head.messages, 1U);
}

TEST_F(HoldTest, MessagesStillExpireForTheUserAndAreKept) {
  set_retention(*store_, {.trash_seconds = 30LL * 86400});
  const MailboxId trash = ann_->published()->find("Trash")->id;
  const NewEmail email = upload(ann_, message("old"));
  ASSERT_TRUE(change(ann_, {}, [&](Change& c) -> Status {
    auto uid = c.append(trash, email, {}, clock_.now());
    return uid ? Status() : pass(uid);
  }));
  hold();
  days_pass(40);
  sweep();
  EXPECT_EQ(ann_->published()->find("Trash")->head.messages, 0U);
  days_pass(400);
  sweep();
  EXPECT_EQ(removed(), 1U);
  EXPECT_EQ(piece_count(), 1U);
}

TEST_F(HoldTest, OthersAreSweptAsAlways) {
  const AccountPtr ben = make_account("ben@example.org");
  hold();
  const MailboxId inbox = ben->published()->find("INBOX")->id;
  const NewEmail email = upload(ben, message("his"));
  ASSERT_TRUE(change(ben, {}, [&](Change& c) -> Status {
    auto uid = c.append(inbox, email, {}, clock_.now());
    return uid ? Status() : pass(uid);
  }));
  ASSERT_TRUE(change(ben, {inbox}, [&](Change& c) -> Status {
    auto gone = c.expunge(inbox, NumberSet::from_ranges({{1, 1}}));
    return gone ? Status() : pass(gone);
  }));
  days_pass(40);
  sweep();
  days_pass(2);
  sweep();
  EXPECT_EQ(piece_count(), 0U);
}

}  // namespace
}  // namespace posthorn::store
