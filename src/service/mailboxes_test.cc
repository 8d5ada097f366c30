#include "service/mailboxes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "service/messages.h"
#include "store/low_space.h"
#include "store/store_fixture.h"

namespace posthorn::service {
namespace {

using ::testing::Contains;
using ::testing::Not;

class MailboxesTest : public store::StoreFixture {
 protected:
  MailboxesTest() : ann_(make_account("ann@example.org")) {}
  ~MailboxesTest() override { ann_.reset(); }

  [[nodiscard]] Caller ann() const { return Caller::owner(ann_); }
  [[nodiscard]] const store::AccountState::Subscriptions& subscriptions() {
    state_ = ann_->published();
    return *state_->subscriptions;
  }
  /// INBOX of ann, as somebody with these rights has it.
  [[nodiscard]] MailboxRef inbox_with(Rights rights) const {
    auto inbox = resolve(ann(), "INBOX");
    EXPECT_TRUE(inbox);
    inbox->rights = rights;
    return *inbox;
  }

  store::AccountPtr ann_;
  store::StatePtr state_;
};

TEST_F(MailboxesTest, ANameIsResolvedToAMailboxOfItsAccount) {
  const auto inbox = resolve(ann(), "INBOX");
  ASSERT_TRUE(inbox);
  EXPECT_EQ(inbox->account, ann_);
  EXPECT_EQ(inbox->published()->name, "INBOX");
  EXPECT_EQ(inbox->actor.kind, store::Actor::Kind::user);
  EXPECT_EQ(inbox->actor.account, ann_->id());
  EXPECT_EQ(inbox->rights, Rights::all());
  EXPECT_TRUE(inbox->is(*resolve(Caller::administrator(ann_), "INBOX")));
  EXPECT_FALSE(inbox->is(*resolve(ann(), "Sent")));
  EXPECT_EQ(resolve(ann(), "Nothing").error().kind, ErrorKind::not_found);
}

TEST_F(MailboxesTest, ANewMailboxIsSubscribedAndItsDelimiterAtTheEndIgnored) {
  const auto made = run(create_mailbox(ann(), "Lists/Cpp/"));
  ASSERT_TRUE(made) << made.error().text;
  EXPECT_EQ(made->published()->name, "Lists/Cpp");
  EXPECT_THAT(subscriptions(), Contains("Lists/Cpp"));
  EXPECT_EQ(run(create_mailbox(ann(), "Lists/Cpp")).error().kind, ErrorKind::already_exists);
  EXPECT_EQ(run(create_mailbox(ann(), "x", bit(store::SpecialUse::all))).error().kind,
            ErrorKind::no_permission);
}

TEST_F(MailboxesTest, SubscriptionsFollowARename) {
  ASSERT_TRUE(run(create_mailbox(ann(), "Old/Below")));
  ASSERT_TRUE(run(rename_mailbox(ann(), "Old", "New/")));
  EXPECT_THAT(subscriptions(), Contains("New"));
  EXPECT_THAT(subscriptions(), Contains("New/Below"));
  EXPECT_THAT(subscriptions(), Not(Contains("Old/Below")));
  ASSERT_TRUE(run(rename_mailbox(ann(), "INBOX", "Taken")));
  EXPECT_THAT(subscriptions(), Contains("INBOX"));
  EXPECT_THAT(subscriptions(), Contains("Taken"));
}

TEST_F(MailboxesTest, ADeletedMailboxIsUnsubscribed) {
  ASSERT_TRUE(run(create_mailbox(ann(), "Short")));
  ASSERT_TRUE(run(delete_mailbox(ann(), "Short")));
  EXPECT_THAT(subscriptions(), Not(Contains("Short")));
  EXPECT_EQ(run(delete_mailbox(ann(), "Short")).error().kind, ErrorKind::not_found);
  EXPECT_EQ(run(delete_mailbox(ann(), "INBOX")).error().kind, ErrorKind::bad_argument);
}

TEST_F(MailboxesTest, EnsuringAMailboxCreatesOrOnlySubscribesIt) {
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(run(ensure_mailbox(Caller::administrator(ann_), "Imported")));
    EXPECT_THAT(subscriptions(), Contains("Imported"));
    ASSERT_TRUE(run(unsubscribe(ann(), "Imported")));
    EXPECT_THAT(subscriptions(), Not(Contains("Imported")));
  }
}

TEST_F(MailboxesTest, EachOperationNeedsItsRight) {
  const MailboxRef reader = inbox_with({Right::lookup, Right::read});
  std::vector<MessageToAppend> messages;
  messages.push_back({upload(ann_, message("one")), {}, std::nullopt});
  EXPECT_EQ(run(append(reader, messages, clock_.now())).error().kind, ErrorKind::no_permission);
  EXPECT_EQ(may_append(reader, 10).error().kind, ErrorKind::no_permission);
  const auto done = run(append(inbox_with({Right::insert}), messages, clock_.now()));
  ASSERT_TRUE(done);

  FlagsToStore flags;
  flags.mailbox = reader;
  flags.uids = done->uids;
  flags.flags.system = bit(SystemFlag::flagged);
  EXPECT_EQ(run(store_flags(flags)).error().kind, ErrorKind::no_permission);
  EXPECT_EQ(run(expunge_deleted(reader, std::nullopt)).error().kind, ErrorKind::no_permission);

  Transfer move{.source = reader, .uids = done->uids, .target = *resolve(ann(), "Archive")};
  move.mode = TransferMode::move;
  EXPECT_EQ(run(transfer(move)).error().kind, ErrorKind::no_permission);
  move.mode = TransferMode::copy;
  EXPECT_TRUE(run(transfer(move)));
  move.target = reader;
  EXPECT_EQ(run(transfer(move)).error().kind, ErrorKind::no_permission);
  // Of what may not be seen, nothing is said but that it is not there (RFC 4314 §6).
  move.target = inbox_with({Right::read});
  const Error hidden = run(transfer(move)).error();
  EXPECT_EQ(hidden.kind, ErrorKind::not_found);
  EXPECT_EQ(hidden.text, resolve(ann(), "nowhere").error().text);
}

TEST_F(MailboxesTest, RoomIsJudgedBeforeAMessageIsSent) {
  ASSERT_TRUE(change(ann_, {}, [](store::Change& c) -> Status {
    c.set_quota({.max_bytes = 1000, .max_messages = 2});
    return {};
  }));
  EXPECT_TRUE(may_append(inbox_with(Rights::all()), 1000));
  EXPECT_TRUE(may_append(inbox_with(Rights::all()), 1000, 2));
  EXPECT_EQ(may_append(inbox_with(Rights::all()), 1000, 3).error().kind, ErrorKind::over_quota);
  EXPECT_EQ(may_append(inbox_with(Rights::all()), 1001).error().kind, ErrorKind::over_quota);
}

TEST_F(MailboxesTest, WhileSpaceIsShortNewMailIsRefusedAndEverythingElseGoesOn) {
  std::vector<MessageToAppend> messages;
  messages.push_back({upload(ann_, message("one")), {}, std::nullopt});
  const auto first = run(append(inbox_with(Rights::all()), messages, clock_.now()));
  ASSERT_TRUE(first);
  const store::AccountPtr ben = make_account("ben@example.org");
  MailboxRef bens = *resolve(Caller::owner(ben), "INBOX");

  store::set_low_on_space(*store_, true);
  EXPECT_EQ(may_append(inbox_with(Rights::all()), 10).error().kind, ErrorKind::unavailable);
  EXPECT_EQ(
      may_replace({inbox_with(Rights::all()), Uid(1)}, inbox_with(Rights::all()), 10).error().kind,
      ErrorKind::unavailable);
  EXPECT_EQ(may_append(inbox_with({Right::lookup}), 10).error().kind, ErrorKind::no_permission);
  const Transfer across{.source = inbox_with(Rights::all()), .uids = first->uids, .target = bens};
  EXPECT_EQ(run(transfer(across)).error().kind, ErrorKind::unavailable);

  const Transfer within{.source = inbox_with(Rights::all()),
                        .uids = first->uids,
                        .target = *resolve(ann(), "Archive")};
  EXPECT_TRUE(run(transfer(within)));
  FlagsToStore flags;
  flags.mailbox = inbox_with(Rights::all());
  flags.uids = first->uids;
  flags.flags.system = bit(SystemFlag::deleted);
  EXPECT_TRUE(run(store_flags(flags)));
  EXPECT_TRUE(run(expunge_deleted(inbox_with(Rights::all()), std::nullopt)));

  store::set_low_on_space(*store_, false);
  EXPECT_TRUE(may_append(inbox_with(Rights::all()), 10));
}

}  // namespace
}  // namespace posthorn::service
