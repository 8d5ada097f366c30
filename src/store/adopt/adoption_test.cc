#include "store/adopt/adoption.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/change/share_list.h"
#include "store/format/keys.h"
#include "store/format/system.h"
#include "store/read/object_ids.h"
#include "store/removed_accounts.h"
#include "store/store_fixture.h"

namespace posthorn::store {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr const char* kName = "ann@example.org";
using OptionalRow = std::optional<std::string>;

class AdoptionTest : public StoreFixture {
 protected:
  AdoptionTest() {
    AccountPtr ann = make_account(kName);
    id_ = ann->id();
    EXPECT_TRUE(run(store_->set_credentials(id_, "keys")));
    for (const std::size_t size : {100U, 700'000U, 300'000U}) append(ann, size);
    EXPECT_TRUE(change(ann, {}, [&](Change& c) -> Status {
      auto made = c.create_mailbox({.name = "Projects", .subscribe = true});
      if (!made) return pass(made);
      c.set_quota({.max_messages = 1000});
      return c.set_grant({*made, "anyone"},
                         Grant{.to = Grant::To::anyone, .rights = Rights::all()});
    }));
  }

  /// Letters, so that equal ones do not compress to nothing.
  static std::string octets(std::size_t size) {
    std::string text = message("size " + std::to_string(size));
    for (std::size_t i = 0; text.size() < size; ++i)
      text += std::to_string(i * 2'654'435'761U) + (i % 10 == 9 ? "\r\n" : " ");
    return text;
  }
  void append(const AccountPtr& account, std::size_t size) {
    const NewEmail email = upload(account, octets(size));
    EXPECT_TRUE(change(account, {}, [&](Change& c) -> Status {
      auto uid = c.append(c.state().find("INBOX")->id, email, {bit(SystemFlag::flagged), {"$Work"}},
                          {77, 60});
      return uid ? Status() : pass(uid);
    }));
  }

  struct Saved {
    std::vector<AccountPart> parts;
    Seq tail;
  };
  /// All that the account has, as a backup has it.
  Saved save() {
    Saved saved;
    saved.tail = run(engine_->version(id_))->tail;
    AccountReader reader(*engine_, id_);
    for (;;) {
      auto part = reader.next();
      EXPECT_TRUE(part) << part.error().text;
      if (!part || part->empty()) break;
      auto again = decode_part(encode_part(*part));
      EXPECT_TRUE(again) << again.error().text;
      if (!again) break;
      saved.parts.push_back(std::move(*again));
    }
    return saved;
  }

  /// Removes the account, and all that it had.
  void burn() {
    EXPECT_TRUE(run(store_->remove_account(id_)));
    clock_.advance(std::chrono::hours(25));
    EXPECT_TRUE(run(store_->sweep()));
    EXPECT_THAT(run(engine_->scan(id_, "", "", 10))->rows, IsEmpty());
    EXPECT_THAT(*engine_->pieces(std::nullopt, 10), IsEmpty());
  }

  Result<std::unique_ptr<Adoption>> begin() {
    return run(Adoption::begin(*store_, id_, kName, lineage_of(*store_)));
  }
  Status judge(const std::string& lineage) {
    return run(Adoption::judge(*store_, id_, kName, lineage));
  }
  Result<AccountId> adopt(Saved saved) {
    auto adoption = begin();
    if (!adoption) return pass(adoption);
    for (AccountPart& part : saved.parts)
      if (Status added = run((*adoption)->add(std::move(part))); !added) return pass(added);
    return run((*adoption)->finish(saved.tail));
  }
  MailboxPtr inbox(const AccountPtr& account) {
    auto loaded = run(account->load(account->published()->find("INBOX")->id));
    EXPECT_TRUE(loaded);
    return *loaded;
  }
  void expect_whole() {
    const auto report = run(store_->check(true));
    ASSERT_TRUE(report);
    EXPECT_THAT(report->findings, IsEmpty());
  }
  static ErrorKind kind_of(const Status& status) {
    return status ? ErrorKind::server_bug : status.error().kind;
  }

  AccountId id_;
};

TEST_F(AdoptionTest, TheAccountIsAsItWasAndItsNumbersSkipAhead) {
  const Saved saved = save();
  MailboxHead later;
  std::string email;
  std::uint64_t version = 0;
  {
    const AccountPtr ann = open_account(id_);
    email = ann->object_ids().email(inbox(ann)->contents->members().at(0).ordinal);
    // What clients have seen since the backup: a message more, and one less.
    append(ann, 400'000);
    const MailboxId id = ann->published()->find("INBOX")->id;
    ASSERT_TRUE(change(ann, {id}, [&](Change& c) -> Status {
      auto gone = c.expunge(id, NumberSet::from_ranges({{2, 2}}));
      return gone ? Status() : pass(gone);
    }));
    later = ann->published()->find("INBOX")->head;
    version = run(store_->profile(id_))->version;
  }
  burn();
  const auto back = adopt(saved);
  ASSERT_TRUE(back) << back.error().text;
  EXPECT_EQ(*back, id_);
  EXPECT_EQ((*run(store_->find_address(kName)))->account, id_);
  const AccountPtr ann = open_account(id_);
  const MailboxPtr now = inbox(ann);
  EXPECT_EQ(now->head.uid_validity, later.uid_validity);
  EXPECT_GT(now->head.uid_next, later.uid_next);
  EXPECT_GT(now->head.highest_modseq, later.highest_modseq);
  ASSERT_EQ(now->contents->count(), 3U);
  for (std::uint32_t i = 0; i < 3; ++i) {
    EXPECT_EQ(now->contents->members().uid_at(i), Uid(i + 1));
    EXPECT_GT(now->contents->flags_at(i).modseq, later.highest_modseq);
    EXPECT_EQ(now->contents->flags_at(i).system, bit(SystemFlag::flagged));
  }
  EXPECT_EQ(ann->object_ids().email(now->contents->members().at(0).ordinal), email);
  // A client that was told of the later state cannot rely on the history.
  const auto expunged = run(ann->expunged_since(now->id, later.highest_modseq));
  ASSERT_TRUE(expunged);
  EXPECT_FALSE(expunged->complete);
  EXPECT_EQ(ann->published()->counters.quota.max_messages, 1000U);
  EXPECT_TRUE(ann->published()->subscriptions->contains("Projects"));
  const auto profile = run(store_->profile(id_));
  ASSERT_TRUE(profile);
  EXPECT_EQ(profile->credentials, "keys");
  EXPECT_FALSE(profile->disabled);
  EXPECT_GT(profile->version, version);
  EXPECT_THAT(**run(store_->sharers(grantee_anyone())), ElementsAre(id_));
  append(ann, 500);
  EXPECT_EQ(inbox(ann)->contents->members().uid_at(3), now->head.uid_next);
  expect_whole();
  // Nothing of it is unused.
  clock_.advance(std::chrono::hours(24 * 3));
  ASSERT_TRUE(run(store_->sweep()));
  expect_whole();
}

TEST_F(AdoptionTest, WhatWasWaitingToBeSentIsNotSentAgain) {
  {
    const AccountPtr ann = open_account(id_);
    const NewEmail email = upload(ann, message("queued"));
    ASSERT_TRUE(change(ann, {}, [&](Change& c) -> Status {
      auto kept = c.keep_email(email);
      if (!kept) return pass(kept);
      OutboxEntry entry;
      entry.email = *kept;
      entry.recipients.emplace_back().address = "ben@example.net";
      auto queued = c.enqueue(entry);
      return queued ? Status() : pass(queued);
    }));
  }
  const Saved saved = save();
  burn();
  ASSERT_TRUE(adopt(saved));
  EXPECT_THAT(*open_account(id_)->published()->outbox, IsEmpty());
  expect_whole();
}

TEST_F(AdoptionTest, IsRefusedWhereSomethingStandsInTheWay) {
  EXPECT_EQ(kind_of(judge("another")), ErrorKind::not_supported);
  EXPECT_EQ(kind_of(judge(lineage_of(*store_))), ErrorKind::already_exists);
  ASSERT_TRUE(run(store_->remove_account(id_)));
  // It comes back without a backup.
  EXPECT_EQ(kind_of(judge(lineage_of(*store_))), ErrorKind::unavailable);
  EXPECT_FALSE(begin());
  ASSERT_TRUE(run(restore_account(*store_, kName)));
  burn();
  EXPECT_TRUE(judge(lineage_of(*store_)));
  make_account(kName);
  EXPECT_EQ(kind_of(judge(lineage_of(*store_))), ErrorKind::already_exists);
}

TEST_F(AdoptionTest, AnAttemptThatWasInterruptedIsRepeatedOrSwept) {
  const Saved saved = save();
  ASSERT_GT(saved.parts.size(), 0U);
  burn();
  const auto attempt = [&] {
    auto adoption = begin();
    ASSERT_TRUE(adoption) << adoption.error().text;
    for (AccountPart part : saved.parts) ASSERT_TRUE(run((*adoption)->add(std::move(part))));
  };
  attempt();
  EXPECT_FALSE(*run(store_->find_address(kName)));
  EXPECT_THAT(*run(removed_accounts(*store_)), IsEmpty());
  clock_.advance(std::chrono::hours(25));
  ASSERT_TRUE(run(store_->sweep()));
  EXPECT_THAT(run(engine_->scan(id_, "", "", 10))->rows, IsEmpty());
  EXPECT_THAT(*engine_->pieces(std::nullopt, 10), IsEmpty());
  attempt();
  reopen();
  const auto back = adopt(saved);
  ASSERT_TRUE(back) << back.error().text;
  EXPECT_EQ(open_account(id_)->published()->counters.messages, 3U);
  expect_whole();
}

TEST_F(AdoptionTest, AnAttemptThatWasOvertakenFails) {
  const Saved saved = save();
  burn();
  auto first = begin();
  ASSERT_TRUE(first);
  ASSERT_TRUE(run((*first)->add(saved.parts[0])));
  ASSERT_TRUE(adopt(saved));
  const Status late = run((*first)->add(saved.parts[0]));
  EXPECT_EQ(kind_of(late), ErrorKind::conflict);
  EXPECT_FALSE(run((*first)->finish(saved.tail)));
  expect_whole();
}

TEST_F(AdoptionTest, NothingOfAnInterruptedAttemptRemains) {
  const Saved older = save();
  append(open_account(id_), 350'000);
  const Saved newer = save();
  burn();
  {
    auto adoption = begin();
    ASSERT_TRUE(adoption);
    for (AccountPart part : newer.parts) ASSERT_TRUE(run((*adoption)->add(std::move(part))));
  }
  ASSERT_TRUE(adopt(older));
  EXPECT_EQ(inbox(open_account(id_))->contents->count(), 3U);
  expect_whole();
}

/// The store was restored from a time when there was no such account.
TEST_F(AdoptionTest, AStoreThatNeverKnewTheAccountGoesOnFromTheCopy) {
  const Saved first = save();
  burn();
  ASSERT_TRUE(adopt(first));  // Its numbers are high now.
  const Saved second = save();
  const std::string key(keys::kPieceKey);
  const OptionalRow secret = *run(engine_->get_row(system_partition(), key));
  ASSERT_TRUE(secret);
  shut();
  engine_ = std::make_unique<engine::MemoryEngine>();
  reopen();  // It makes a key of its own.
  ASSERT_TRUE(edit_row(*engine_, system_partition(), key, [&](const OptionalRow&) {
    return Result<std::vector<engine::Edit>>(std::vector<engine::Edit>{{key, secret}});
  }));
  reopen();
  clock_.advance(std::chrono::hours(1));
  const auto back = adopt(second);
  ASSERT_TRUE(back) << back.error().text;
  const AccountPtr ann = open_account(id_);
  EXPECT_GT(ann->published()->seq, second.tail);
  EXPECT_GT(inbox(ann)->head.highest_modseq.value, second.tail.value);
  expect_whole();
}

TEST_F(AdoptionTest, WithoutAllPartsThereIsNoAccount) {
  const Saved saved = save();
  burn();
  {
    auto adoption = begin();
    ASSERT_TRUE(adoption);
    EXPECT_FALSE(run((*adoption)->finish(saved.tail)));
  }
  EXPECT_FALSE(*run(store_->find_address(kName)));
}

TEST_F(AdoptionTest, AClockBehindTheCopyIsRefused) {
  const Saved first = save();
  burn();
  ASSERT_TRUE(adopt(first));
  const Saved second = save();
  burn();
  clock_.advance(-std::chrono::hours(24 * 30));
  const auto early = adopt(second);
  ASSERT_FALSE(early);
  EXPECT_EQ(early.error().kind, ErrorKind::bad_argument);
  clock_.advance(std::chrono::hours(24 * 30));
  EXPECT_TRUE(adopt(second));
}

TEST(AccountPartTest, HostileOctetsAreRefused) {
  AccountPart part;
  part.pages.push_back({PageNumber(7), "page"});
  part.rows.push_back({"key", "value"});
  part.pieces.push_back({{}, "piece"});
  const std::string whole = encode_part(part);
  const auto read = decode_part(whole);
  ASSERT_TRUE(read);
  EXPECT_THAT(read->pages, SizeIs(1));
  EXPECT_EQ(read->rows[0].value, "value");
  EXPECT_EQ(read->pieces[0].bytes, "piece");
  for (std::size_t cut = 0; cut < whole.size(); ++cut)
    EXPECT_FALSE(decode_part(whole.substr(0, cut))) << cut;
  EXPECT_FALSE(decode_part(whole + "x"));
  EXPECT_FALSE(decode_part("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"));
}

}  // namespace
}  // namespace posthorn::store
