#include "store/upkeep/finish_moves.h"

#include "async/wait.h"
#include "store/format/keys.h"
#include "store/store_fixture.h"

/// Moves to another account that a crash has interrupted.
namespace posthorn::store {
namespace {

class FinishMovesTest : public StoreFixture {
 protected:
  FinishMovesTest()
      : ann_(make_account("ann@example.org")->id()), ben_(make_account("ben@example.org")->id()) {
    for (int i = 0; i < 3; ++i) append(ann_, {});
  }

  static MailboxId inbox(const AccountPtr& account) {
    return account->published()->find("INBOX")->id;
  }

  void append(const AccountId& to, std::optional<IntentId> intent) {
    const AccountPtr account = open_account(to);
    const NewEmail email = upload(account, message("x"));
    ASSERT_TRUE(change(account, {}, [&](Change& c) -> Status {
      if (intent) c.set_intent(*intent);
      auto uid = c.append(inbox(account), email, {}, clock_.now());
      return uid ? Status() : pass(uid);
    }));
  }

  /// The first step of a move of the first two messages.
  void begin() {
    const AccountPtr account = open_account(ann_);
    NumberSet uids;
    uids.add(1, 2);
    ASSERT_TRUE(change(account, {}, [&](Change& c) -> Status {
      move_ = c.begin_move({Seq(), ben_, inbox(account), uids});
      return {};
    }));
  }

  std::uint32_t messages(const AccountId& id) {
    const AccountPtr account = open_account(id);
    return account->published()->find("INBOX")->head.messages;
  }
  bool is_noted() {
    auto row = async::wait(engine_->get_row(ann_, keys::move_out(move_)));
    EXPECT_TRUE(row);
    return row->has_value();
  }

  AccountId ann_;
  AccountId ben_;
  Seq move_;
};

TEST_F(FinishMovesTest, WhatHasArrivedIsRemoved) {
  begin();
  append(ben_, intent_of(ann_, move_));
  EXPECT_TRUE(is_noted());
  EXPECT_EQ(messages(ann_), 3U);
  reopen();
  EXPECT_EQ(messages(ann_), 1U);
  EXPECT_FALSE(is_noted());
  const AccountPtr account = open_account(ann_);
  const auto loaded = run(account->load(inbox(account)));
  ASSERT_TRUE(loaded);
  EXPECT_EQ((*loaded)->contents->members().at(0).uid, Uid(3));
  reopen();
  EXPECT_EQ(messages(ann_), 1U);
}

TEST_F(FinishMovesTest, WhatHasNotArrivedStays) {
  begin();
  // What another move brought there says nothing about this one.
  append(ben_, intent_of(ann_, Seq(move_.value + 1)));
  reopen();
  EXPECT_EQ(messages(ann_), 3U);
  EXPECT_FALSE(is_noted());
}

TEST_F(FinishMovesTest, WithoutTheMailboxNothingIsLeftToDo) {
  ASSERT_TRUE(change(open_account(ann_), {}, [&](Change& c) -> Status {
    auto made = c.create_mailbox({.name = "Box"});
    if (!made) return pass(made);
    NumberSet uids;
    uids.add(1);
    move_ = c.begin_move({Seq(), ben_, *made, uids});
    return {};
  }));
  append(ben_, intent_of(ann_, move_));
  const AccountPtr account = open_account(ann_);
  const MailboxId box = account->published()->find("Box")->id;
  ASSERT_TRUE(change(account, {box}, [&](Change& c) { return c.delete_mailbox("Box"); }));
  reopen();
  EXPECT_EQ(messages(ann_), 3U);
  EXPECT_FALSE(is_noted());
}

TEST_F(FinishMovesTest, OfTwoAccountsThatMoveToEachOtherBothCanBeOpened) {
  begin();
  const Seq first = move_;
  append(ben_, intent_of(ann_, first));
  const AccountPtr ben = open_account(ben_);
  NumberSet uids;
  uids.add(1);
  Seq back;
  ASSERT_TRUE(change(ben, {}, [&](Change& c) -> Status {
    back = c.begin_move({Seq(), ann_, inbox(ben), uids});
    return {};
  }));
  append(ann_, intent_of(ben_, back));
  reopen();
  EXPECT_EQ(messages(ann_), 2U);
  EXPECT_EQ(messages(ben_), 0U);
}

}  // namespace
}  // namespace posthorn::store
