#include "store/mend/mend.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/wait.h"
#include "store/format/codec.h"
#include "store/format/directory_rows.h"
#include "store/format/keys.h"
#include "store/format/record.h"
#include "store/format/system.h"
#include "store/mend/account_rows.h"
#include "store/store_fixture.h"

namespace posthorn::store {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr const char* kName = "ann@example.org";

class MendTest : public StoreFixture {
 protected:
  MendTest() {
    const AccountPtr ann = make_account(kName);
    id_ = ann->id();
    EXPECT_TRUE(run(store_->set_credentials(id_, "keys")));
    append(ann, message("one"));
    append(ann, message("two") + std::string(300'000, 'x') + "\r\n");
    inbox_ = ann->published()->find("INBOX")->id;
    before_ = *ann->published();
    head_ = before_.find("INBOX")->head;
  }

  void append(const AccountPtr& account, const std::string& octets) {
    const NewEmail email = upload(account, octets);
    ASSERT_TRUE(change(account, {}, [&](Change& c) -> Status {
      auto uid =
          c.append(c.state().find("INBOX")->id, email, {bit(SystemFlag::flagged), {}}, {5, 0});
      return uid ? Status() : pass(uid);
    }));
  }

  void edit(const PartitionId& partition, std::vector<engine::Edit> edits) {
    auto version = async::wait(engine_->version(partition));
    ASSERT_TRUE(version);
    ASSERT_TRUE(commit_and_wait(*engine_, {partition, *version, 0, std::move(edits), {}}));
  }
  void lose(const std::vector<std::string>& keys) {
    std::vector<engine::Edit> edits;
    for (const std::string& key : keys) edits.push_back({key, std::nullopt});
    edit(id_, std::move(edits));
  }
  void put(const std::string& key, std::string value) { edit(id_, {{key, std::move(value)}}); }

  /// What salvage does: mends, then opens the store, which has a new epoch, and checks it.
  std::vector<std::string> mend(const engine::Salvaged& salvaged = {}) {
    shut();
    auto losses = mend_salvaged(*engine_, salvaged);
    EXPECT_TRUE(losses) << losses.error().text;
    const auto again = mend_salvaged(*engine_, salvaged);
    EXPECT_TRUE(again);
    expect_numbers_go_on();
    dynamic_cast<engine::MemoryEngine&>(*engine_).set_epoch(7);
    reopen();
    const auto report = run(store_->check(true, Store::Repair::mailboxes));
    EXPECT_TRUE(report);
    if (report) findings_ = report->findings;
    return losses ? *losses : std::vector<std::string>();
  }
  /// Before the account is opened, which makes its numbers skip ahead.
  void expect_numbers_go_on() {
    EXPECT_GE(async::wait(engine_->version(id_))->tail, before_.seq);
    const auto row = async::wait(engine_->get_row(id_, keys::account()));
    ASSERT_TRUE(row && *row);
    const auto counters = decode_counters(**row);
    ASSERT_TRUE(counters);
    EXPECT_GE(counters->next_ordinal, before_.counters.next_ordinal);
    EXPECT_GE(counters->next_mailbox, before_.counters.next_mailbox);
    EXPECT_GE(counters->next_uid_validity, before_.counters.next_uid_validity);
  }
  static engine::Salvaged all_in_doubt() {
    engine::Salvaged salvaged;
    salvaged.rows_lost.emplace_back().last.bytes.fill(0xff);
    return salvaged;
  }
  MailboxPtr mailbox(const std::string& name) {
    const AccountPtr account = open_account(id_);
    const MailboxPtr there = account->published()->find(name);
    EXPECT_TRUE(there) << name;
    auto loaded = run(account->load(there->id));
    EXPECT_TRUE(loaded);
    return loaded ? *loaded : nullptr;
  }

  AccountId id_;
  MailboxId inbox_;
  AccountState before_;
  MailboxHead head_;
  std::vector<std::string> findings_;
};

TEST_F(MendTest, WhatIsWholeStaysAsItIs) {
  EXPECT_THAT(mend(), IsEmpty());
  EXPECT_THAT(findings_, IsEmpty());
  const MailboxPtr inbox = mailbox("INBOX");
  EXPECT_EQ(inbox->head.uid_validity, head_.uid_validity);
  EXPECT_EQ(inbox->contents->count(), 2U);
  EXPECT_EQ(run(store_->profile(id_))->credentials, "keys");
}

TEST_F(MendTest, WithoutProfileTheAddressIsTheName) {
  lose({keys::profile()});
  EXPECT_THAT(mend(), Contains(HasSubstr("its profile is lost")));
  const auto profile = run(store_->profile(id_));
  ASSERT_TRUE(profile);
  EXPECT_EQ(profile->name, kName);
  EXPECT_EQ(profile->credentials, "");
  EXPECT_EQ(mailbox("INBOX")->contents->count(), 2U);
  EXPECT_THAT(findings_, IsEmpty());
}

TEST_F(MendTest, WithoutCountersNoNumberIsGivenOutTwice) {
  lose({keys::account()});
  EXPECT_THAT(mend(), Contains(HasSubstr("its counters and its quota are lost")));
  const AccountCounters& counters = open_account(id_)->published()->counters;
  EXPECT_GE(counters.next_ordinal, before_.counters.next_ordinal);
  EXPECT_GE(counters.next_mailbox, before_.counters.next_mailbox);
  EXPECT_GE(counters.next_uid_validity, before_.counters.next_uid_validity);
  EXPECT_EQ(counters.messages, 2U);
  EXPECT_THAT(findings_, IsEmpty());
}

TEST_F(MendTest, AMailboxWithoutHeadGetsANewUidValidity) {
  lose({keys::head(inbox_)});
  EXPECT_THAT(mend(), Contains(HasSubstr("has a new UIDVALIDITY")));
  const MailboxPtr inbox = mailbox("INBOX");
  EXPECT_GT(inbox->head.uid_validity, head_.uid_validity);
  EXPECT_EQ(inbox->contents->count(), 2U);
  EXPECT_THAT(findings_, IsEmpty());
}

TEST_F(MendTest, MessagesWithoutRowsAreRecovered) {
  lose({keys::tail_row(inbox_, Uid(1))});
  const auto losses = mend();
  EXPECT_THAT(losses, Contains(HasSubstr("the rows of 1 of its 2 messages are lost")));
  EXPECT_THAT(losses, Contains(HasSubstr("in the mailbox \"Recovered\"")));
  EXPECT_EQ(mailbox("INBOX")->contents->count(), 1U);
  EXPECT_EQ(mailbox("Recovered")->contents->count(), 1U);
  EXPECT_THAT(findings_, IsEmpty());
}

TEST_F(MendTest, WhatWasExpungedIsNoOrphan) {
  {
    const AccountPtr ann = open_account(id_);
    ASSERT_TRUE(change(ann, {inbox_}, [&](Change& c) -> Status {
      auto gone = c.expunge(inbox_, NumberSet::from_ranges({{1, 1}}));
      return gone ? Status() : pass(gone);
    }));
  }
  EXPECT_THAT(mend(all_in_doubt()), SizeIs(1));  // That some of its rows may be missing.
  EXPECT_EQ(open_account(id_)->published()->find("Recovered"), nullptr);
}

TEST_F(MendTest, DamagedRowsAreRemoved) {
  put(keys::name(inbox_), "damaged");
  put(keys::tail_row(inbox_, Uid(2)), "damaged");
  EXPECT_THAT(mend(), Contains(HasSubstr("2 of its rows are damaged")));
  // INBOX is the mailbox whose name is lost.
  EXPECT_EQ(mailbox("INBOX")->contents->count(), 1U);
  EXPECT_THAT(findings_, IsEmpty());
}

TEST_F(MendTest, AnOutboxEntryThatCannotBeReadIsRemoved) {
  put(keys::outbox(OutboxId(1)), "damaged");
  EXPECT_THAT(mend(), Contains(HasSubstr("outbox 1: it cannot be read and is removed")));
  EXPECT_THAT(*open_account(id_)->published()->outbox, IsEmpty());
}

TEST_F(MendTest, AddressesAndAccountsAreJoinedAgain) {
  const PartitionId directory = directory_partition(directory_shard_of(kName));
  edit(directory, {{keys::address(kName), std::nullopt}});
  const std::string nobody = "nobody@example.org";
  edit(directory_partition(directory_shard_of(nobody)),
       {{keys::address(nobody),
         encode_address({partition_id_from_hex(std::string(32, '7')).value(), false})}});
  const auto losses = mend();
  EXPECT_THAT(losses, Contains(HasSubstr("its address was lost and is entered again")));
  EXPECT_THAT(losses, Contains(HasSubstr("nothing is left of its account")));
  EXPECT_EQ((*run(store_->find_address(kName)))->account, id_);
  EXPECT_FALSE(*run(store_->find_address(nobody)));
  EXPECT_THAT(findings_, IsEmpty());
}

TEST_F(MendTest, PiecesAreHeldAgain) {
  const auto pieces = engine_->pieces(std::nullopt, 10);
  ASSERT_TRUE(pieces);
  ASSERT_FALSE(pieces->empty());
  for (const engine::PieceName& name : *pieces) ASSERT_TRUE(engine_->unhold(name, id_, INT64_MAX));
  engine::Salvaged salvaged;
  salvaged.holders_lost = true;
  EXPECT_THAT(mend(salvaged), IsEmpty());
  for (const engine::PieceName& name : *pieces) {
    const auto info = engine_->inspect(name);
    ASSERT_TRUE(info && *info);
    ASSERT_THAT((*info)->holders, SizeIs(1));
    EXPECT_EQ((*info)->holders[0].partition, id_);
  }
}

TEST_F(MendTest, OfARemovedAccountNothingIsTouched) {
  ASSERT_TRUE(run(store_->remove_account(id_)));
  lose({keys::head(inbox_)});
  EXPECT_THAT(mend(), IsEmpty());
  EXPECT_FALSE(*run(store_->find_address(kName)));
}

/// Whatever the rows say, the account can be opened and used.
TEST_F(MendTest, HighestNumbersDoNotWrapAround) {
  put(keys::log(Seq(UINT64_MAX)), "damaged");
  put(keys::email(Ordinal(UINT64_MAX)), "damaged");
  put(keys::name(MailboxId(UINT32_MAX)), encode_name({"Last", 0}));
  lose({keys::account(), keys::head(inbox_)});
  (void)mend();
  const AccountPtr ann = open_account(id_);
  const AccountState state = *ann->published();
  EXPECT_LT(state.seq.value, std::uint64_t{1} << 62U);
  EXPECT_GE(state.seq, before_.seq);
  EXPECT_GE(state.counters.next_ordinal, before_.counters.next_ordinal);
  EXPECT_GE(state.counters.next_mailbox, before_.counters.next_mailbox);
  EXPECT_EQ(mailbox("INBOX")->contents->count(), 2U);
  append(ann, message("three"));
}

TEST_F(MendTest, RowsOfStrangeShapesAreTold) {
  for (const std::string_view prefix :
       {keys::kHeads, keys::kNames, keys::kKeywords, keys::kContents, keys::kEmails, keys::kGroups,
        keys::kLogs, keys::kOutbox, keys::kJournals}) {
    put(std::string(prefix), "x");
    put(std::string(prefix) + "y", "x");
  }
  const auto rows = read_account_rows(*engine_, id_);
  ASSERT_TRUE(rows);
  EXPECT_THAT(rows->undecoded, SizeIs(18));
  EXPECT_THAT(mend(), Contains(HasSubstr("18 of its rows are damaged")));
  EXPECT_EQ(mailbox("INBOX")->contents->count(), 2U);
}

}  // namespace
}  // namespace posthorn::store
