#include "store/store.h"

#include "store/read/email_reader.h"
#include "store/store_fixture.h"

namespace posthorn::store {
namespace {

using StoreTest = StoreFixture;

NumberSet numbers(std::initializer_list<std::uint32_t> list) {
  NumberSet set;
  for (const std::uint32_t n : list) set.add(n);
  return set;
}

std::vector<std::uint32_t> uids(const Mailbox& mailbox) {
  std::vector<std::uint32_t> out;
  const Members& m = mailbox.contents->members();
  m.for_each(0, m.count(), [&](std::uint32_t, const MemberLeaf& leaf, std::uint32_t k) {
    out.push_back(leaf.uid[k]);
  });
  return out;
}

TEST_F(StoreTest, ANewAccountHasTheStandardMailboxes) {
  const AccountPtr account = make_account("Ann@Example.org");
  const StatePtr state = account->published();
  EXPECT_EQ(state->names->size(), 6U);
  EXPECT_EQ(state->subscriptions->size(), 6U);
  EXPECT_EQ(state->find("Sent")->special_use, bit(SpecialUse::sent));
  EXPECT_GE(state->find("INBOX")->head.highest_modseq.value, 1U);
  EXPECT_NE(state->find("Sent")->head.uid_validity, state->find("Trash")->head.uid_validity);
  auto found = run(store_->find_address("ANN@example.org"));
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->account, account->id());
  EXPECT_EQ(run(store_->create_account("ann@example.org", "", {})).error().kind,
            ErrorKind::already_exists);
}

async::Task<void> disable(Store& store, AccountId id) {
  EXPECT_TRUE(co_await store.set_disabled(id, true));
}
async::Task<void> change_password(Store& store, AccountId id, std::string credentials) {
  EXPECT_TRUE(co_await store.set_credentials(id, std::move(credentials)));
}
async::Task<void> edit_at_once(Store& store, AccountId id) {
  async::Gate gate;
  gate.spawn(change_password(store, id, "one"));
  gate.spawn(disable(store, id));
  gate.spawn(change_password(store, id, "two"));
  co_await gate.wait_empty();
}

TEST_F(StoreTest, ProfileEditsAtTheSameTimeAreAllKept) {
  const AccountPtr ada = make_account("ada@example.org");
  run(edit_at_once(*store_, ada->id()));
  const auto profile = run(store_->profile(ada->id()));
  ASSERT_TRUE(profile);
  EXPECT_TRUE(profile->disabled);
  EXPECT_EQ(profile->credentials, "two");
  EXPECT_EQ(profile->version, 4U);
}

TEST_F(StoreTest, LoginsChangeWithoutDisturbingEachOther) {
  const AccountId id = make_account("ann@example.org")->id();
  const std::uint64_t version = run(store_->profile(id))->version;
  using Sessions = Store::Sessions;
  const auto set = [&](Sessions sessions, std::string rules) {
    return run(store_->edit_login_rules(id, sessions, [rules](std::string& stored) -> Status {
      if (rules == "no") return fail(ErrorKind::bad_argument, "no");
      stored = rules;
      return {};
    }));
  };
  EXPECT_TRUE(set(Sessions::keep, "rules"));
  EXPECT_FALSE(set(Sessions::keep, "no"));
  EXPECT_EQ(run(store_->profile(id))->login_rules, "rules");
  EXPECT_EQ(run(store_->profile(id))->version, version);
  EXPECT_TRUE(set(Sessions::end, "others"));
  EXPECT_EQ(run(store_->profile(id))->version, version + 1);
  // The same password in another form, unless there is a new one.
  EXPECT_TRUE(run(store_->replace_credentials(id, version, "late")));
  EXPECT_NE(run(store_->profile(id))->credentials, "late");
  EXPECT_TRUE(run(store_->replace_credentials(id, version + 1, "keys")));
  reopen();
  EXPECT_EQ(run(store_->profile(id))->credentials, "keys");
  EXPECT_EQ(run(store_->profile(id))->login_rules, "others");
  EXPECT_EQ(run(store_->profile(id))->version, version + 1);

  EXPECT_TRUE(run(store_->accounts_without_scram())->empty());
  EXPECT_TRUE(run(store_->note_without_scram(id)));
  EXPECT_TRUE(run(store_->note_without_scram(id)));
  EXPECT_EQ(*run(store_->accounts_without_scram()), std::vector{id});
  EXPECT_TRUE(run(store_->forget_without_scram(id)));
  EXPECT_TRUE(run(store_->forget_without_scram(id)));
  EXPECT_TRUE(run(store_->accounts_without_scram())->empty());
}

TEST_F(StoreTest, AnAliasMayLeadToOtherAddresses) {
  const AccountId id = make_account("ann@example.org")->id();
  EXPECT_TRUE(run(store_->add_alias("all@example.org",
                                    std::vector<std::string>{"Ann@Example.org", "x@example.net"})));
  EXPECT_FALSE(
      run(store_->add_alias("all@example.org", std::vector<std::string>{"ann@example.org"})));
  EXPECT_FALSE(run(store_->add_alias("none@example.org", std::vector<std::string>{})));
  EXPECT_FALSE(run(store_->add_alias("bad@example.org", std::vector<std::string>{"a b"})));
  reopen();
  const auto found = run(store_->find_address("ALL@example.org"));
  ASSERT_TRUE(found && *found);
  EXPECT_TRUE((*found)->alias);
  EXPECT_EQ((*found)->targets, (std::vector<std::string>{"ann@example.org", "x@example.net"}));
  EXPECT_TRUE(run(store_->check(true))->findings.empty());
  EXPECT_TRUE(run(store_->remove_account(id)));
  EXPECT_TRUE(run(store_->remove_alias("all@example.org")));
}

TEST_F(StoreTest, AppendStoreExpungeSurviveAReopen) {
  AccountPtr account = make_account("ann@example.org");
  const MailboxId inbox = account->published()->find("INBOX")->id;
  for (int i = 1; i <= 5; ++i) {
    const NewEmail email = upload(account, message("number " + std::to_string(i)));
    ASSERT_TRUE(change(account, {}, [&](Change& c) -> Status {
      auto uid = c.append(inbox, email, {bit(SystemFlag::seen), {"$Work"}}, {1000, 60});
      if (!uid) return pass(uid);
      return {};
    }));
  }
  ASSERT_TRUE(change(account, {inbox}, [&](Change& c) -> Status {
    auto out = c.store_flags(inbox, numbers({2, 4, 9}), FlagOperation::add,
                             {bit(SystemFlag::deleted), {"other"}}, std::nullopt);
    if (!out) return pass(out);
    EXPECT_EQ(out->changed, 2U);
    EXPECT_EQ(out->missing, numbers({9}));
    return {};
  }));
  ASSERT_TRUE(change(account, {inbox}, [&](Change& c) -> Status {
    auto gone = c.expunge_deleted(inbox, numbers({1, 2}));
    if (!gone) return pass(gone);
    EXPECT_EQ(*gone, numbers({2}));
    return {};
  }));
  const AccountId id = account->id();
  for (int round = 0; round < 2; ++round) {
    auto mailbox = run(account->load(inbox));
    ASSERT_TRUE(mailbox) << mailbox.error().text;
    EXPECT_EQ(uids(**mailbox), (std::vector<std::uint32_t>{1, 3, 4, 5}));
    EXPECT_EQ((*mailbox)->head.messages, 4U);
    EXPECT_EQ((*mailbox)->head.unseen, 0U);
    EXPECT_EQ((*mailbox)->head.deleted, 1U);
    const FlagState fourth = (*mailbox)->contents->flags_at(2);
    EXPECT_EQ(fourth.system, bit(SystemFlag::seen) | bit(SystemFlag::deleted));
    EXPECT_EQ((*mailbox)->keywords->names_of(fourth.keywords),
              (std::vector<std::string>{"$Work", "other"}));
    EXPECT_EQ((*mailbox)->contents->members().at(0).internal_date, (Timestamp{1000, 60}));
    auto expunged = run(account->expunged_since(inbox, ModSeq(1)));
    ASSERT_TRUE(expunged);
    EXPECT_TRUE(expunged->complete);
    EXPECT_EQ(expunged->uids, numbers({2}));
    account.reset();
    reopen();
    account = open_account(id);
  }
}

TEST_F(StoreTest, MessagesComeBackByteForByte) {
  AccountPtr account = make_account("ann@example.org");
  const MailboxId inbox = account->published()->find("INBOX")->id;
  std::string big = message("big");
  while (big.size() < 3'000'000) big += std::to_string(big.size() * 2654435761U) + "\r\n";
  const std::vector<std::string> sent = {message("one"),    big,       "", "no header at all",
                                         "\r\nonly a body", "A: b\r\n"};
  for (const std::string& octets : sent) {
    const NewEmail email = upload(account, octets);
    EXPECT_EQ(email.size, octets.size());
    ASSERT_TRUE(change(account, {}, [&](Change& c) -> Status {
      auto uid = c.append(inbox, email, {}, {});
      if (!uid) return pass(uid);
      return {};
    }));
  }
  const AccountId id = account->id();
  account.reset();
  reopen();
  account = open_account(id);
  auto mailbox = run(account->load(inbox));
  ASSERT_TRUE(mailbox);
  for (std::uint32_t i = 0; i < sent.size(); ++i) {
    EmailReader reader(account);
    const Ordinal ordinal = (*mailbox)->contents->members().at(i).ordinal;
    run(reader.load(std::span(&ordinal, 1), bit(Column::header) | bit(Column::body)));
    auto header = reader.get(ordinal, Column::header);
    auto body = reader.get(ordinal, Column::body);
    ASSERT_TRUE(header && body);
    std::string whole(*header);
    auto body_reader = BodyReader::open(account, *body);
    ASSERT_TRUE(body_reader);
    for (std::uint64_t at = 0; at < body_reader->size();) {
      auto chunk = run(body_reader->read(at, UINT64_MAX));
      ASSERT_TRUE(chunk) << chunk.error().text;
      whole += chunk->bytes;
      at += chunk->bytes.size();
    }
    EXPECT_EQ(whole.size(), (*mailbox)->contents->members().at(i).size);
    EXPECT_TRUE(whole == sent[i]) << i;
  }
}

TEST_F(StoreTest, CopyMoveRenameDeleteAreAllOrNothing) {
  AccountPtr account = make_account("ann@example.org");
  const MailboxId inbox = account->published()->find("INBOX")->id;
  const MailboxId archive = account->published()->find("Archive")->id;
  const NewEmail email = upload(account, message("one"));
  for (int i = 0; i < 3; ++i)
    ASSERT_TRUE(change(account, {}, [&](Change& c) -> Status {
      auto uid = c.append(inbox, email, {0, {"k" + std::to_string(i)}}, {});
      if (!uid) return pass(uid);
      return {};
    }));
  ASSERT_TRUE(change(account, {inbox}, [&](Change& c) -> Status {
    auto pairs = c.copy(inbox, numbers({1, 3}), archive);
    if (!pairs) return pass(pairs);
    EXPECT_EQ(pairs->size(), 2U);
    EXPECT_EQ((*pairs)[1].target, Uid(2));
    return {};
  }));
  ASSERT_TRUE(change(account, {inbox}, [&](Change& c) -> Status {
    auto pairs = c.move(inbox, numbers({2}), archive);
    if (!pairs) return pass(pairs);
    return {};
  }));
  auto target = run(account->load(archive));
  ASSERT_TRUE(target);
  EXPECT_EQ(uids(**target), (std::vector<std::uint32_t>{1, 2, 3}));
  EXPECT_EQ((*target)->keywords->names_of((*target)->contents->flags_at(1).keywords),
            std::vector<std::string>{"k2"});
  EXPECT_EQ(uids(**run(account->load(inbox))), (std::vector<std::uint32_t>{1, 3}));

  EXPECT_FALSE(change(account, {archive}, [&](Change& c) -> Status {
    if (Status ok = c.rename_mailbox("Archive", "Old/Archive"); !ok) return ok;
    return c.rename_mailbox("Old", "Sent");  // The name exists: nothing of this change may remain.
  }));
  EXPECT_TRUE(account->published()->find("Archive"));
  ASSERT_TRUE(change(account, {},
                     [](Change& c) { return c.rename_mailbox("Archive", "Old/2025/Archive"); }));
  ASSERT_TRUE(change(account, {}, [](Change& c) { return c.rename_mailbox("Old", "Older"); }));
  const StatePtr state = account->published();
  EXPECT_EQ(state->find("Older/2025/Archive")->id, archive);
  EXPECT_TRUE(state->find("Older/2025"));
  EXPECT_FALSE(state->find("Old"));
  ASSERT_TRUE(
      change(account, {inbox}, [](Change& c) { return c.rename_mailbox("INBOX", "Kept"); }));
  EXPECT_EQ(account->published()->find("Kept")->head.messages, 2U);
  EXPECT_EQ(account->published()->find("INBOX")->head.messages, 0U);
  ASSERT_TRUE(
      change(account, {archive}, [](Change& c) { return c.delete_mailbox("Older/2025/Archive"); }));
  EXPECT_EQ(account->published()->counters.messages, 2U);
  const AccountId id = account->id();
  account.reset();
  reopen();
  account = open_account(id);
  EXPECT_FALSE(account->published()->find("Older/2025/Archive"));
  EXPECT_EQ(account->published()->find("Kept")->head.messages, 2U);
}

TEST_F(StoreTest, ManyMessagesArePackedAndCopiedInOneChange) {
  AccountPtr account = make_account("ann@example.org");
  const MailboxId inbox = account->published()->find("INBOX")->id;
  const MailboxId archive = account->published()->find("Archive")->id;
  const NewEmail email = upload(account, message("many"));
  constexpr int kBatches = 60;
  constexpr int kBatch = 150;
  for (int i = 0; i < kBatches; ++i)
    ASSERT_TRUE(change(account, {}, [&](Change& c) -> Status {
      for (int n = 0; n < kBatch; ++n)
        if (auto uid = c.append(inbox, email, {}, {n, 0}); !uid) return pass(uid);
      return {};
    }));
  ASSERT_TRUE(change(account, {inbox, archive}, [&](Change& c) -> Status {
    auto pairs = c.copy(inbox, NumberSet::from_ranges({{1, 8000}}), archive);
    if (!pairs) return pass(pairs);
    return {};
  }));
  ASSERT_TRUE(change(account, {inbox}, [&](Change& c) -> Status {
    auto out = c.store_flags(inbox, NumberSet::from_ranges({{10, 7000}}), FlagOperation::replace,
                             {bit(SystemFlag::flagged), {"$x"}}, std::nullopt);
    if (!out) return pass(out);
    return {};
  }));
  ASSERT_TRUE(change(account, {inbox}, [&](Change& c) -> Status {
    auto gone = c.expunge(inbox, NumberSet::from_ranges({{3000, 6000}}));
    if (!gone) return pass(gone);
    return {};
  }));
  const AccountId id = account->id();
  account.reset();
  reopen();
  account = open_account(id);
  auto a = run(account->load(inbox));
  auto b = run(account->load(archive));
  ASSERT_TRUE(a && b);
  EXPECT_EQ((*a)->contents->count(), static_cast<std::uint32_t>(kBatches * kBatch - 3001));
  EXPECT_EQ((*b)->contents->count(), 8000U);
  EXPECT_EQ((*a)->contents->flags_at(9).system, bit(SystemFlag::flagged));
  EXPECT_EQ((*a)->contents->flags_at(8).system, 0);
  EXPECT_LT((*a)->tail_rows, 5000U);
  auto gone = run(account->expunged_since(inbox, ModSeq(1)));
  ASSERT_TRUE(gone);
  EXPECT_EQ(gone->uids, NumberSet::from_ranges({{3000, 6000}}));
  EmailReader reader(account);
  std::vector<Ordinal> ordinals;
  for (std::uint32_t i = 0; i < 300; ++i)
    ordinals.push_back((*b)->contents->members().at(i).ordinal);
  run(reader.load(ordinals, bit(Column::keys) | bit(Column::header)));
  for (const Ordinal o : ordinals) {
    auto header = reader.get(o, Column::header);
    ASSERT_TRUE(header) << header.error().text;
    EXPECT_TRUE(header->starts_with("From: Ann"));
  }
}

TEST_F(StoreTest, QuotaIsJudgedInTheChange) {
  const AccountPtr account = make_account("ann@example.org");
  const MailboxId inbox = account->published()->find("INBOX")->id;
  const NewEmail email = upload(account, message("one"));
  ASSERT_TRUE(change(account, {}, [&](Change& c) -> Status {
    c.set_quota({email.size * 2, 0});
    return {};
  }));
  const auto add = [&](Change& c) -> Status {
    auto uid = c.append(inbox, email, {}, {});
    if (!uid) return pass(uid);
    return {};
  };
  EXPECT_TRUE(change(account, {}, add));
  EXPECT_TRUE(change(account, {}, add));
  EXPECT_EQ(change(account, {}, add).error().kind, ErrorKind::over_quota);
  EXPECT_EQ(account->published()->counters.messages, 2U);
}

}  // namespace
}  // namespace posthorn::store
