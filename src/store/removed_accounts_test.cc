#include "store/removed_accounts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/format/directory_rows.h"
#include "store/format/keys.h"
#include "store/format/record.h"
#include "store/format/system.h"
#include "store/store_fixture.h"

namespace posthorn::store {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class RemovedAccountsTest : public StoreFixture {
 protected:
  AccountId removed_account() {
    const AccountPtr ann = make_account("ann@example.org");
    const AccountId id = ann->id();
    EXPECT_TRUE(run(store_->add_alias("a@example.org", id)));
    EXPECT_TRUE(run(store_->add_alias("b@example.org", id)));
    const NewEmail email = upload(ann, message("one"));
    EXPECT_TRUE(change(ann, {}, [&](Change& c) -> Status {
      auto uid = c.append(c.state().find("INBOX")->id, email, {}, {});
      return uid ? Status() : pass(uid);
    }));
    EXPECT_TRUE(run(store_->remove_account(id)));
    return id;
  }
};

TEST_F(RemovedAccountsTest, ItComesBackWithItsMailAndAliases) {
  const AccountId id = removed_account();
  const auto listed = run(removed_accounts(*store_));
  ASSERT_TRUE(listed);
  ASSERT_EQ(listed->size(), 1U);
  EXPECT_EQ(listed->front().name, "ann@example.org");
  EXPECT_EQ(listed->front().removed, clock_.now().seconds);
  const auto back = run(restore_account(*store_, "Ann@Example.org"));
  ASSERT_TRUE(back) << back.error().text;
  EXPECT_EQ(back->id, id);
  EXPECT_THAT(back->taken, IsEmpty());
  EXPECT_EQ((*run(store_->find_address("ann@example.org")))->account, id);
  EXPECT_EQ((*run(store_->find_address("b@example.org")))->account, id);
  EXPECT_FALSE(run(store_->profile(id))->disabled);
  // The order to remove it is taken back.
  clock_.advance(std::chrono::hours(24 * 3));
  reopen();
  ASSERT_TRUE(run(store_->sweep()));
  EXPECT_EQ(open_account(id)->published()->counters.messages, 1U);
  EXPECT_THAT(*run(removed_accounts(*store_)), IsEmpty());
  const auto report = run(store_->check(true));
  ASSERT_TRUE(report);
  EXPECT_THAT(report->findings, IsEmpty());
}

TEST_F(RemovedAccountsTest, WhatOthersHaveByNowIsNotTakenFromThem) {
  const AccountId id = removed_account();
  const AccountPtr ben = make_account("ben@example.org");
  ASSERT_TRUE(run(store_->add_alias("a@example.org", ben->id())));
  const auto back = run(restore_account(*store_, "ann@example.org"));
  ASSERT_TRUE(back);
  EXPECT_THAT(back->taken, ElementsAre("a@example.org"));
  EXPECT_EQ((*run(store_->find_address("a@example.org")))->account, ben->id());
  EXPECT_EQ((*run(store_->find_address("b@example.org")))->account, id);
}

TEST_F(RemovedAccountsTest, ANameThatIsTakenIsRefused) {
  removed_account();
  const AccountPtr again = make_account("ann@example.org");
  const auto back = run(restore_account(*store_, "ann@example.org"));
  ASSERT_FALSE(back);
  EXPECT_EQ(back.error().kind, ErrorKind::already_exists);
  EXPECT_EQ((*run(store_->find_address("ann@example.org")))->account, again->id());
}

TEST_F(RemovedAccountsTest, TheLastOneOfANameComesBack) {
  const AccountId first = removed_account();
  clock_.advance(std::chrono::hours(1));
  const AccountId second = removed_account();
  ASSERT_NE(first, second);
  const auto back = run(restore_account(*store_, "ann@example.org"));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->id, second);
}

TEST_F(RemovedAccountsTest, ADisabledOneStaysDisabled) {
  const AccountPtr ann = make_account("ann@example.org");
  ASSERT_TRUE(run(store_->set_disabled(ann->id(), true)));
  ASSERT_TRUE(run(store_->remove_account(ann->id())));
  ASSERT_TRUE(run(restore_account(*store_, "ann@example.org")));
  EXPECT_TRUE(run(store_->profile(ann->id()))->disabled);
}

/// While an account is made, there is an order to remove it.
TEST_F(RemovedAccountsTest, OneThatWasNeverFinishedIsNone) {
  const AccountId id = make_account("ann@example.org")->id();
  const std::string address = "ann@example.org";
  ASSERT_TRUE(
      edit_row(*engine_, directory_partition(directory_shard_of(address)), keys::address(address),
               [&](const std::optional<std::string>&) {
                 return Result<std::vector<engine::Edit>>(std::vector<engine::Edit>{
                     {keys::address(address), std::nullopt},
                     {keys::removal(id), encode_removal({clock_.now().seconds, false, {}})}});
               }));
  reopen();
  EXPECT_THAT(*run(removed_accounts(*store_)), IsEmpty());
  EXPECT_FALSE(run(restore_account(*store_, address)));
}

TEST_F(RemovedAccountsTest, AfterTheGraceTimeItIsGone) {
  removed_account();
  clock_.advance(std::chrono::seconds(options_.sweep_grace_seconds - 30));
  EXPECT_THAT(*run(removed_accounts(*store_)), IsEmpty());
  const auto back = run(restore_account(*store_, "ann@example.org"));
  ASSERT_FALSE(back);
  EXPECT_EQ(back.error().kind, ErrorKind::not_found);
}

TEST(AccountRemovalTest, RecordsOfOlderVersionsAreRead) {
  std::string since;
  ByteWriter(since).u64(77);
  const auto old = decode_removal(seal(since));
  ASSERT_TRUE(old);
  EXPECT_EQ(old->since, 77);
  EXPECT_FALSE(old->was_disabled);
  const auto now = decode_removal(encode_removal({78, true, {"a@x", "b@x"}}));
  ASSERT_TRUE(now);
  EXPECT_EQ(now->since, 78);
  EXPECT_TRUE(now->was_disabled);
  EXPECT_THAT(now->aliases, ElementsAre("a@x", "b@x"));
}

TEST_F(RemovedAccountsTest, AChangeByWhoStillHasItOpenFailsAtOnce) {
  const AccountId id = removed_account();
  reopen();
  const AccountPtr ann = open_account(id);  // Without the contents of its mailboxes.
  const MailboxId inbox = ann->published()->find("INBOX")->id;
  clock_.advance(std::chrono::hours(24 * 3));
  ASSERT_TRUE(run(store_->sweep()));
  const auto begun = std::chrono::steady_clock::now();
  const auto done = change(ann, {inbox}, [&](Change& c) -> Status {
    auto gone = c.expunge(inbox, {});
    return gone ? Status() : pass(gone);
  });
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(5));
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, ErrorKind::not_found);
  EXPECT_FALSE(run(store_->account(id)));
}

}  // namespace
}  // namespace posthorn::store
