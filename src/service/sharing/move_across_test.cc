#include "service/sharing/move_across.h"

#include <string>

#include "service/messages.h"
#include "service/sharing/transfer_across.h"
#include "store/format/keys.h"
#include "store/read/email_reader.h"
#include "store/read/object_ids.h"
#include "store/store_fixture.h"

/// Moves between accounts, step by step.
namespace posthorn::service {
namespace {

class MoveAcrossTest : public store::StoreFixture {
 protected:
  MoveAcrossTest() : ann_(make_account("ann@example.org")), ben_(make_account("ben@example.org")) {
    for (int i = 0; i < 2; ++i) EXPECT_TRUE(append_to(ann_, nullptr));
  }
  ~MoveAcrossTest() override {
    ann_.reset();
    ben_.reset();
  }

  /// The INBOX of an account, for Ann.
  MailboxRef inbox(const store::AccountPtr& account) const {
    return {account, account->published()->find("INBOX")->id, store::Actor::user(ann_->id()),
            Rights::all()};
  }

  Status append_to(const store::AccountPtr& account, const MoveAcross* move) {
    const store::NewEmail email = upload(account, message("x"));
    return change(account, {}, [&](store::Change& c) -> Status {
      if (move != nullptr) move->mark(c);
      auto uid = c.append(inbox(account).id, email, {}, clock_.now());
      return uid ? Status() : pass(uid);
    });
  }

  Status expunge(const store::AccountPtr& account, Uid uid) {
    NumberSet uids;
    uids.add(uid.value);
    return change(account, {inbox(account).id}, [&](store::Change& c) -> Status {
      auto gone = c.expunge(inbox(account).id, uids);
      return gone ? Status() : pass(gone);
    });
  }

  std::uint32_t messages(const store::AccountPtr& account) const {
    return inbox(account).published()->head.messages;
  }

  std::size_t notes() {
    const auto rows = run(engine_->scan(ann_->id(), std::string(store::keys::kMovesOut),
                                        store::keys::after_prefix(store::keys::kMovesOut), 100));
    EXPECT_TRUE(rows);
    return rows->rows.size();
  }

  static NumberSet both() {
    NumberSet uids;
    uids.add(1, 2);
    return uids;
  }

  store::AccountPtr ann_;
  store::AccountPtr ben_;
};

TEST_F(MoveAcrossTest, TheNoteIsThereAsLongAsTheMove) {
  MoveAcross move(inbox(ann_), both(), inbox(ben_));
  ASSERT_TRUE(run(move.begin()));
  EXPECT_EQ(notes(), 1U);
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(append_to(ben_, &move));
  const auto missing = run(move.remove_originals());
  ASSERT_TRUE(missing);
  EXPECT_TRUE(missing->empty());
  EXPECT_EQ(messages(ann_), 0U);
  EXPECT_EQ(notes(), 0U);
}

TEST_F(MoveAcrossTest, WhoeverRemovesAMessageFirstHasIt) {
  MoveAcross move(inbox(ann_), both(), inbox(ben_));
  ASSERT_TRUE(run(move.begin()));
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(append_to(ben_, &move));
  ASSERT_TRUE(expunge(ann_, Uid(2)));
  const auto missing = run(move.remove_originals());
  ASSERT_TRUE(missing);
  EXPECT_EQ(missing->count(), 1U);
  EXPECT_TRUE(missing->contains(2));
  NumberSet copies;
  copies.add(2);
  ASSERT_TRUE(run(move.take_back(copies)));
  EXPECT_EQ(messages(ben_), 1U);
  EXPECT_EQ(messages(ann_), 0U);
  EXPECT_EQ(notes(), 0U);
}

TEST_F(MoveAcrossTest, ARefusalLeavesNothing) {
  store::Quota quota;
  quota.max_messages = 1;
  ASSERT_TRUE(change(ben_, {}, [&](store::Change& c) -> Status {
    c.set_quota(quota);
    return {};
  }));
  MoveAcross move(inbox(ann_), both(), inbox(ben_));
  ASSERT_TRUE(run(move.begin()));
  ASSERT_TRUE(append_to(ben_, nullptr));
  const Status refused = append_to(ben_, &move);
  ASSERT_FALSE(refused);
  run(move.give_up(refused.error()));
  EXPECT_EQ(notes(), 0U);
  EXPECT_EQ(messages(ann_), 2U);
}

/// Returns the EMAILIDs of an INBOX.
async::Task<std::vector<std::string>> ids_of(MailboxRef mailbox) {
  const auto now = co_await newest(mailbox);
  const store::Members& members = (*now)->contents->members();
  std::vector<std::string> ids;
  for (std::uint32_t i = 0; i < members.count(); ++i) {
    const std::vector<Ordinal> ordinals = {members.at(i).ordinal};
    store::EmailReader reader(mailbox.account);
    co_await reader.load(ordinals, bit(store::Column::body));
    ids.push_back(mailbox.account->object_ids().email(
        ordinals[0], *reader.get(ordinals[0], store::Column::body)));
  }
  co_return ids;
}

TEST_F(MoveAcrossTest, IdentifiersComeAlongAndStayAfterARestart) {
  const std::vector<std::string> before = run(ids_of(inbox(ann_)));
  ASSERT_EQ(before.size(), 2U);
  EXPECT_FALSE(ben_->object_ids().has_foreign());
  ASSERT_TRUE(run(transfer({inbox(ann_), both(), inbox(ben_), TransferMode::move})));
  EXPECT_TRUE(ben_->object_ids().has_foreign());
  EXPECT_EQ(run(ids_of(inbox(ben_))), before);
  EXPECT_EQ(messages(ann_), 0U);
  EXPECT_EQ(notes(), 0U);
  const AccountId ann = ann_->id();
  const AccountId ben = ben_->id();
  ann_.reset();
  ben_.reset();
  reopen();
  ann_ = open_account(ann);
  ben_ = open_account(ben);
  EXPECT_TRUE(ben_->object_ids().has_foreign());
  EXPECT_FALSE(ann_->object_ids().has_foreign());
  EXPECT_EQ(run(ids_of(inbox(ben_))), before);
}

}  // namespace
}  // namespace posthorn::service
