#include "engine/faulty/faulty_engine.h"
#include "store/email_reader.h"
#include "store/store_fixture.h"

namespace posthorn::store {
namespace {

class SweepTest : public StoreFixture {
 protected:
  std::size_t piece_count() { return engine_->pieces(std::nullopt, 10'000)->size(); }

  Uid append(const AccountPtr& account, MailboxId mailbox, const NewEmail& email) {
    Uid uid;
    EXPECT_TRUE(change(account, {}, [&](Change& c) -> Status {
      auto made = c.append(mailbox, email, {}, {clock_.now().seconds, 0});
      if (!made) return pass(made);
      uid = *made;
      return {};
    }));
    return uid;
  }

  void expunge(const AccountPtr& account, MailboxId mailbox, std::uint32_t first,
               std::uint32_t last) {
    ASSERT_TRUE(change(account, {mailbox}, [&](Change& c) -> Status {
      auto gone = c.expunge(mailbox, NumberSet::from_ranges({{first, last}}));
      if (!gone) return pass(gone);
      return {};
    }));
  }

  void expect_clean() {
    auto report = run(store_->check(true));
    ASSERT_TRUE(report);
    for (const std::string& finding : report->findings) ADD_FAILURE() << finding;
  }
};

TEST_F(SweepTest, ExpungedContentStaysUntilTheHorizonAndThenGoes) {
  AccountPtr account = make_account("ann@example.org");
  const MailboxId inbox = account->published()->find("INBOX")->id;
  const MailboxId archive = account->published()->find("Archive")->id;
  for (int i = 0; i < 900; ++i) append(account, inbox, upload(account, message(std::to_string(i))));
  EXPECT_EQ(piece_count(), 900U);
  // Copied before it is expunged: must live on.
  ASSERT_TRUE(change(account, {inbox}, [&](Change& c) -> Status {
    auto pairs = c.copy(inbox, NumberSet::from_ranges({{1, 10}}), archive);
    if (!pairs) return pass(pairs);
    return {};
  }));
  expunge(account, inbox, 1, 700);
  clock_.advance(std::chrono::hours(24 * 20));
  ASSERT_TRUE(run(store_->sweep()));
  EXPECT_EQ(piece_count(), 900U);
  expect_clean();
  EXPECT_TRUE(run(account->expunged_since(inbox, ModSeq(1)))->complete);

  expunge(account, inbox, 701, 710);  // Younger history: not to go with the older.
  clock_.advance(std::chrono::hours(24 * 15));
  ASSERT_TRUE(run(store_->sweep()));
  EXPECT_EQ(piece_count(), 210U);
  expect_clean();
  EXPECT_FALSE(run(account->expunged_since(inbox, ModSeq(1)))->complete);
  const AccountId id = account->id();
  account.reset();
  reopen();
  account = open_account(id);
  expect_clean();
  auto kept = run(account->load(archive));
  ASSERT_TRUE(kept);
  EXPECT_EQ((*kept)->head.messages, 10U);
}

TEST_F(SweepTest, ADeliveryOfEqualBytesKeepsThePiece) {
  const AccountPtr ann = make_account("ann@example.org");
  const AccountPtr ben = make_account("ben@example.org");
  const MailboxId ann_inbox = ann->published()->find("INBOX")->id;
  const MailboxId ben_inbox = ben->published()->find("INBOX")->id;
  append(ann, ann_inbox, upload(ann, message("same")));
  append(ben, ben_inbox, upload(ben, message("same")));
  EXPECT_EQ(piece_count(), 1U);
  expunge(ann, ann_inbox, 1, 1);
  clock_.advance(std::chrono::hours(24 * 40));
  append(ann, ann_inbox, upload(ann, message("same")));  // Just before the sweep.
  ASSERT_TRUE(run(store_->sweep()));
  expect_clean();
  expunge(ben, ben_inbox, 1, 1);
  clock_.advance(std::chrono::hours(24 * 40));
  ASSERT_TRUE(run(store_->sweep()));
  EXPECT_EQ(piece_count(), 1U);
  expect_clean();
}

TEST_F(SweepTest, ARemovedAccountGoesAfterTheGraceTime) {
  AccountPtr ann = make_account("ann@example.org");
  const AccountId id = ann->id();
  ASSERT_TRUE(run(store_->add_alias("a@example.org", id)));
  append(ann, ann->published()->find("INBOX")->id, upload(ann, message("one")));
  ann.reset();
  ASSERT_TRUE(run(store_->remove_account(id)));
  EXPECT_FALSE(*run(store_->find_address("ann@example.org")));
  EXPECT_FALSE(*run(store_->find_address("a@example.org")));
  ASSERT_TRUE(run(store_->sweep()));
  EXPECT_EQ(piece_count(), 1U);
  clock_.advance(std::chrono::hours(48));
  reopen();
  ASSERT_TRUE(run(store_->sweep()));
  EXPECT_EQ(piece_count(), 0U);
  EXPECT_EQ(run(store_->account(id)).error().kind, ErrorKind::not_found);
  // The name is free, and what it had is not seen again.
  const AccountPtr again = make_account("ann@example.org");
  EXPECT_NE(again->id(), id);
  EXPECT_EQ(again->published()->counters.messages, 0U);
}

TEST_F(SweepTest, AnAccountBrokenOffWhileItWasMadeIsSweptAway) {
  auto faulty = std::make_unique<engine::FaultyEngine>(std::move(engine_));
  engine::FaultyEngine& control = *faulty;
  engine_ = std::move(faulty);
  reopen();
  // The intent and the account's partition are there; the address fails.
  control.fail_commits(engine::CommitFault::fails, 1, 2);
  EXPECT_FALSE(run(store_->create_account("ann@example.org", "", {})));
  EXPECT_FALSE(*run(store_->find_address("ann@example.org")));
  const auto accounts = [&] {
    std::size_t n = 0;
    for (const PartitionId& id : *engine_->partitions(std::nullopt, 100))
      if (run(store_->account(id))) ++n;
    return n;
  };
  EXPECT_EQ(accounts(), 1U);
  const AccountPtr ben = make_account("ben@example.org");
  clock_.advance(std::chrono::hours(48));
  reopen();
  ASSERT_TRUE(run(store_->sweep()));
  EXPECT_EQ(accounts(), 1U);  // Ben's.
  EXPECT_TRUE(run(store_->account(ben->id())));
  make_account("ann@example.org");
}

TEST_F(SweepTest, CheckSeesDamage) {
  const AccountPtr ann = make_account("ann@example.org");
  const MailboxId inbox = ann->published()->find("INBOX")->id;
  append(ann, inbox, upload(ann, message("one")));
  expect_clean();
  const auto piece = engine_->pieces(std::nullopt, 1)->front();
  ASSERT_TRUE(engine_->unhold(piece, ann->id(), INT64_MAX));
  auto report = run(store_->check(false));
  ASSERT_TRUE(report);
  EXPECT_EQ(report->findings.size(), 1U);
  ASSERT_TRUE(engine_->erase(piece, (*engine_->inspect(piece))->version));
  report = run(store_->check(false));
  ASSERT_TRUE(report);
  EXPECT_EQ(report->findings.size(), 1U);
}

}  // namespace
}  // namespace posthorn::store
