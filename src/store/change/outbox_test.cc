#include "store/value/outbox.h"
#include "async/wait.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>

#include "base/bytes.h"
#include "engine/faulty/faulty_engine.h"
#include "store/change/queue_list.h"
#include "store/format/keys.h"
#include "store/format/outbox_codec.h"
#include "store/format/system.h"
#include "store/read/email_reader.h"
#include "store/store_fixture.h"

namespace posthorn::store {
namespace {

class OutboxTest : public StoreFixture {
 protected:
  OutboxTest() {
    auto faulty = std::make_unique<engine::FaultyEngine>(std::move(engine_));
    control_ = faulty.get();
    shut();
    engine_ = std::move(faulty);
    reopen();
    account_ = make_account("ann@example.org");
    sent_ = account_->published()->find("Sent")->id;
  }
  ~OutboxTest() override { account_.reset(); }

  void restart() {
    const AccountId id = account_->id();
    account_.reset();
    reopen();
    account_ = open_account(id);
  }

  static OutboxEntry entry(const NewEmail& email, Ordinal ordinal, std::size_t recipients = 1) {
    OutboxEntry e;
    e.email = ordinal;
    e.size = email.size;
    e.return_path = "ann@example.org";
    for (std::size_t i = 0; i < recipients; ++i) {
      OutboxRecipient r;
      // Text that hardly compresses, so that a record of ten thousand recipients exceeds a row.
      r.address = fmt::format("user-{:016x}@example.net", checksum(std::to_string(i)));
      e.recipients.push_back(r);
    }
    return e;
  }

  /// Files and queues a message, as a submission does.
  Result<OutboxId> submit(const std::string& subject, std::size_t recipients = 1) {
    const NewEmail email = upload(account_, message(subject));
    OutboxId id;
    Status done = change(account_, {}, [&](Change& c) -> Status {
      auto uid = c.append(sent_, email, {bit(SystemFlag::seen), {}}, clock_.now());
      if (!uid) return pass(uid);
      auto queued = c.enqueue(entry(email, c.newest_email(), recipients));
      if (!queued) return pass(queued);
      id = *queued;
      return {};
    });
    if (!done) return pass(done);
    return id;
  }

  Result<OutboxId> submit_unfiled(const std::string& subject) {
    const NewEmail email = upload(account_, message(subject));
    OutboxId id;
    Status done = change(account_, {}, [&](Change& c) -> Status {
      auto kept = c.keep_email(email);
      if (!kept) return pass(kept);
      auto queued = c.enqueue(entry(email, *kept));
      if (!queued) return pass(queued);
      id = *queued;
      return {};
    });
    if (!done) return pass(done);
    return id;
  }

  Status drop(OutboxId id) {
    return change(account_, {}, [&](Change& c) { return c.drop_outbox(id); });
  }

  OutboxEntryPtr find(OutboxId id) {
    const auto& outbox = *account_->published()->outbox;
    const auto it = outbox.find(id);
    return it == outbox.end() ? nullptr : it->second;
  }

  bool is_readable(Ordinal ordinal) {
    EmailReader reader(account_);
    run(reader.load(std::span(&ordinal, 1), bit(Column::header) | bit(Column::body)));
    auto body = reader.get(ordinal, Column::body);
    return reader.get(ordinal, Column::header) && body && BodyReader::open(account_, *body);
  }

  void expect_clean() {
    auto report = run(store_->check(true));
    ASSERT_TRUE(report);
    for (const std::string& finding : report->findings) ADD_FAILURE() << finding;
  }

  std::size_t page_count() { return engine_->pages(account_->id(), PageNumber(0), 1000)->size(); }

  engine::FaultyEngine* control_ = nullptr;
  AccountPtr account_;
  MailboxId sent_;
};

TEST_F(OutboxTest, FiledAndQueuedIsOneChangeThatSurvivesARestart) {
  const auto id = submit("one");
  ASSERT_TRUE(id) << id.error().text;
  EXPECT_EQ(id->value, account_->published()->seq.value);
  for (int round = 0; round < 2; ++round) {
    const OutboxEntryPtr there = find(*id);
    ASSERT_TRUE(there);
    EXPECT_THAT(there->recipients.front().address, testing::EndsWith("@example.net"));
    EXPECT_TRUE(is_readable(there->email));
    EXPECT_EQ(account_->published()->find(sent_)->head.messages, 1U);
    EXPECT_EQ(run(store_->accounts_with_outbox()).value(), std::vector<AccountId>{account_->id()});
    expect_clean();
    restart();
  }
}

TEST_F(OutboxTest, UpdatesAndDropsAreDurable) {
  const OutboxId first = *submit("one", 2);
  const OutboxId second = *submit("two");
  ASSERT_TRUE(change(account_, {}, [&](Change& c) -> Status {
    OutboxEntry e = *c.state().outbox->at(first);
    e.recipients[1].state = RecipientState::relayed;
    e.recipients[1].last_status = std::string(5000, 'x');
    return c.update_outbox(std::move(e));
  }));
  const Seq before = account_->published()->seq;
  ASSERT_TRUE(change(account_, {}, [&](Change& c) {
    return c.update_outbox(*c.state().outbox->at(first));  // No difference, so no commit.
  }));
  EXPECT_EQ(account_->published()->seq, before);
  ASSERT_TRUE(drop(second));
  EXPECT_EQ(drop(second).error().kind, ErrorKind::not_found);
  restart();
  EXPECT_EQ(account_->published()->outbox->size(), 1U);
  ASSERT_TRUE(find(first));
  EXPECT_EQ(find(first)->recipients[1].state, RecipientState::relayed);
  EXPECT_EQ(find(first)->recipients[1].last_status.size(), kMaxOutboxStatus);
  EXPECT_FALSE(find(first)->is_settled());
  expect_clean();
}

TEST_F(OutboxTest, ALongEntryLiesInAPageThatGoesWithIt) {
  const auto id = submit("to many", kMaxOutboxRecipients);
  ASSERT_TRUE(id) << id.error().text;
  EXPECT_EQ(page_count(), 1U);
  for (int round = 0; round < 3; ++round) {
    ASSERT_TRUE(change(account_, {}, [&](Change& c) -> Status {
      OutboxEntry e = *c.state().outbox->at(*id);
      ++e.recipients[5].attempts;
      e.page = PageNumber(999);  // A field that only the store may set.
      return c.update_outbox(std::move(e));
    }));
    EXPECT_EQ(page_count(), 1U);
    restart();
  }
  EXPECT_EQ(find(*id)->recipients.size(), kMaxOutboxRecipients);
  EXPECT_EQ(find(*id)->recipients[5].attempts, 3U);
  expect_clean();
  ASSERT_TRUE(drop(*id));
  EXPECT_EQ(page_count(), 0U);
}

TEST_F(OutboxTest, AFailedCommitLeavesNeitherCopyNorEntry) {
  ASSERT_TRUE(submit("first"));
  control_->fail_commits(engine::CommitFault::fails);
  EXPECT_FALSE(submit("second"));
  EXPECT_EQ(account_->published()->outbox->size(), 1U);
  EXPECT_EQ(account_->published()->find(sent_)->head.messages, 1U);
  ASSERT_TRUE(submit("third"));
  restart();
  EXPECT_EQ(account_->published()->outbox->size(), 2U);
  EXPECT_EQ(account_->published()->find(sent_)->head.messages, 2U);
  expect_clean();
}

TEST_F(OutboxTest, NothingIsQueuedUnlessARestartWouldFindIt) {
  control_->fail_commits(engine::CommitFault::fails);  // The write to the queue's list.
  EXPECT_FALSE(submit("first"));
  EXPECT_TRUE(account_->published()->outbox->empty());
  EXPECT_TRUE(run(store_->accounts_with_outbox())->empty());
  // The list's row is durable, but the change is not: the account is listed with an empty outbox,
  // which is harmless.
  control_->fail_commits(engine::CommitFault::fails, 1, 1);
  EXPECT_FALSE(submit("second"));
  EXPECT_EQ(run(store_->accounts_with_outbox())->size(), 1U);
  EXPECT_TRUE(account_->published()->outbox->empty());
  expect_clean();
  ASSERT_TRUE(submit("third"));
  restart();
  EXPECT_EQ(account_->published()->outbox->size(), 1U);
  expect_clean();
}

TEST_F(OutboxTest, ACrashBetweenKeepsAllOrNothing) {
  for (const engine::TornFate fate : {engine::TornFate::lost, engine::TornFate::kept}) {
    const std::size_t before = account_->published()->outbox->size();
    ASSERT_TRUE(submit("listed"));
    control_->fail_commits(engine::CommitFault::torn);
    EXPECT_FALSE(submit("torn"));
    const AccountId id = account_->id();
    account_.reset();
    shut();
    control_->crash(fate);
    control_->restart();
    reopen();
    account_ = open_account(id);
    const std::size_t kept = fate == engine::TornFate::kept ? 2 : 1;
    EXPECT_EQ(account_->published()->outbox->size(), before + kept);
    EXPECT_EQ(account_->published()->find(sent_)->head.messages, before + kept);
    expect_clean();
  }
}

TEST_F(OutboxTest, TheListForgetsAccountsThatSendNoMore) {
  const OutboxId id = *submit("one");
  clock_.advance(std::chrono::hours(30));
  ASSERT_TRUE(run(store_->sweep()));
  EXPECT_EQ(run(store_->accounts_with_outbox())->size(), 1U);
  ASSERT_TRUE(drop(id));
  ASSERT_TRUE(run(store_->sweep()));
  EXPECT_TRUE(run(store_->accounts_with_outbox())->empty());
  ASSERT_TRUE(submit("two"));  // Listed again, because it was removed from the list.
  EXPECT_EQ(run(store_->accounts_with_outbox())->size(), 1U);
  expect_clean();
  const AccountId removed = account_->id();
  ASSERT_TRUE(run(store_->remove_account(removed)));
  account_.reset();
  reopen();
  clock_.advance(std::chrono::hours(30));
  ASSERT_TRUE(run(store_->sweep()));  // Removes the account.
  reopen();
  ASSERT_TRUE(run(store_->sweep()));  // Finds that the row's account does not exist.
  EXPECT_TRUE(run(store_->accounts_with_outbox())->empty());
}

TEST_F(OutboxTest, AMessageOfTheOutboxOutlivesItsSentCopy) {
  const OutboxId id = *submit("one");
  const Ordinal email = find(id)->email;
  ASSERT_TRUE(change(account_, {sent_}, [&](Change& c) -> Status {
    auto gone = c.expunge(sent_, NumberSet::from_ranges({{1, 1}}));
    return gone ? Status{} : pass(gone);
  }));
  clock_.advance(std::chrono::hours(24 * 40));
  ASSERT_TRUE(run(store_->sweep()));
  EXPECT_TRUE(is_readable(email));
  expect_clean();
  ASSERT_TRUE(drop(id));
  clock_.advance(std::chrono::hours(24 * 20));
  ASSERT_TRUE(run(store_->sweep()));
  EXPECT_TRUE(is_readable(email));  // History is kept for this time.
  clock_.advance(std::chrono::hours(24 * 20));
  ASSERT_TRUE(run(store_->sweep()));
  EXPECT_TRUE(engine_->pieces(std::nullopt, 10)->empty());
  restart();
  EXPECT_FALSE(is_readable(email));
  expect_clean();
}

TEST_F(OutboxTest, AMessageInNoMailboxLivesAsLongAsItsEntry) {
  const OutboxId id = *submit_unfiled("one");
  const Ordinal email = find(id)->email;
  EXPECT_EQ(account_->published()->counters.messages, 0U);
  EXPECT_EQ(account_->published()->counters.bytes, 0U);
  clock_.advance(std::chrono::hours(24 * 40));
  ASSERT_TRUE(run(store_->sweep()));
  EXPECT_TRUE(is_readable(email));
  expect_clean();
  ASSERT_TRUE(drop(id));
  clock_.advance(std::chrono::hours(24 * 40));
  ASSERT_TRUE(run(store_->sweep()));
  EXPECT_TRUE(engine_->pieces(std::nullopt, 10)->empty());
  restart();
  EXPECT_FALSE(is_readable(email));
}

TEST_F(OutboxTest, AStepIsDoneOnce) {
  const AccountPtr ben = make_account("ben@example.org");
  const MailboxId inbox = ben->published()->find("INBOX")->id;
  const NewEmail email = upload(ben, message("local"));
  const auto deliver = [&](const AccountPtr& to, IntentId intent) {
    auto done = run(to->change_once(Actor::delivery(), intent, [&](Change& c) -> Status {
      auto uid = c.append(inbox, email, {}, clock_.now());
      return uid ? Status{} : pass(uid);
    }));
    EXPECT_TRUE(done) << done.error().text;
    return done->changed;
  };
  const IntentId intent{account_->id(), OutboxId(7), 0};
  EXPECT_TRUE(deliver(ben, intent));
  EXPECT_FALSE(deliver(ben, intent));
  EXPECT_TRUE(deliver(ben, {account_->id(), OutboxId(7), 1}));
  EXPECT_TRUE(deliver(ben, {account_->id(), OutboxId(8), 0}));
  EXPECT_TRUE(deliver(ben, {ben->id(), OutboxId(7), 0}));
  EXPECT_EQ(ben->published()->find(inbox)->head.messages, 4U);
  // Later changes are not mistaken for it.
  ASSERT_TRUE(change(ben, {}, [&](Change& c) {
    auto uid = c.append(inbox, email, {}, clock_.now());
    return uid ? Status{} : pass(uid);
  }));
  const AccountId id = ben->id();
  reopen();
  const AccountPtr again = open_account(id);
  EXPECT_FALSE(deliver(again, intent));
  EXPECT_EQ(again->published()->find(inbox)->head.messages, 5U);
  account_ = open_account(account_->id());
  clock_.advance(std::chrono::hours(24 * 40));
  ASSERT_TRUE(run(store_->sweep()));
  EXPECT_TRUE(deliver(again, intent));  // Past the horizon, the intent is forgotten.
}

async::Task<void> append_once(Account& account, IntentId intent, ChangeFunction append,
                              std::atomic<int>& changed) {
  auto done = co_await account.change_once(Actor::delivery(), intent, std::move(append));
  if (done && done->changed) ++changed;
}

async::Task<void> append_twice(Account& account, IntentId intent, ChangeFunction append,
                               std::atomic<int>& changed) {
  async::Gate gate;
  gate.spawn(append_once(account, intent, append, changed));
  gate.spawn(append_once(account, intent, append, changed));
  co_await gate.wait_empty();
}

TEST_F(OutboxTest, AStepAskedForTwiceAtOnceIsDoneOnce) {
  const MailboxId inbox = account_->published()->find("INBOX")->id;
  const NewEmail email = upload(account_, message("local"));
  const IntentId intent{account_->id(), OutboxId(7), 0};
  std::atomic<int> changed = 0;
  const auto append = [&](Change& c) -> Status {
    auto uid = c.append(inbox, email, {}, clock_.now());
    return uid ? Status{} : pass(uid);
  };
  run(append_twice(*account_, intent, append, changed));
  EXPECT_EQ(changed, 1);
  EXPECT_EQ(account_->published()->find(inbox)->head.messages, 1U);
}

TEST_F(OutboxTest, AStepThatFailedCanBeAskedForAgain) {
  const MailboxId inbox = account_->published()->find("INBOX")->id;
  const NewEmail email = upload(account_, message("local"));
  const IntentId intent{account_->id(), OutboxId(7), 0};
  const auto deliver = [&](Change& c) -> Status {
    auto uid = c.append(inbox, email, {}, clock_.now());
    return uid ? Status{} : pass(uid);
  };
  control_->fail_commits(engine::CommitFault::fails);
  EXPECT_FALSE(run(account_->change_once(Actor::delivery(), intent, deliver)));
  auto again = run(account_->change_once(Actor::delivery(), intent, deliver));
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->changed);
  control_->set_cached_reads(engine::CachedReads::would_block);
  EXPECT_FALSE(run(account_->change_once(Actor::delivery(), intent, deliver))->changed);
}

/// A row without a valid time is no proof that the step was done. This holds for an empty row, as
/// an engine might return by mistake, and for a damaged one.
TEST_F(OutboxTest, ARowThatCannotBeReadDoesNotCountAsDone) {
  const MailboxId inbox = account_->published()->find("INBOX")->id;
  const NewEmail email = upload(account_, message("local"));
  const auto deliver = [&](Change& c) -> Status {
    auto uid = c.append(inbox, email, {}, clock_.now());
    return uid ? Status{} : pass(uid);
  };
  std::string damaged = encode_time(1);
  damaged.back() = static_cast<char>(damaged.back() ^ 1);
  std::uint32_t step = 0;
  for (const std::string& value : {std::string(), damaged}) {
    const IntentId intent{account_->id(), OutboxId(7), ++step};
    const auto version = *async::wait(engine_->version(account_->id()));
    ASSERT_TRUE(commit_and_wait(*engine_,
                                {account_->id(), version, 0, {{keys::intent(intent), value}}, {}}));
    auto done = run(account_->change_once(Actor::delivery(), intent, deliver));
    ASSERT_TRUE(done) << done.error().text;
    EXPECT_TRUE(done->changed);
    // The step has rewritten the row.
    EXPECT_FALSE(run(account_->change_once(Actor::delivery(), intent, deliver))->changed);
  }
  EXPECT_EQ(account_->published()->find(inbox)->head.messages, 2U);
}

TEST_F(OutboxTest, ListenersHearOfEveryChangeOfAnOutbox) {
  std::atomic<int> heard = 0;
  store_->on_outbox([&](const AccountId& id) {
    EXPECT_EQ(id, account_->id());
    ++heard;
  });
  const OutboxId id = *submit("one");
  EXPECT_EQ(heard, 1);
  ASSERT_TRUE(change(account_, {}, [&](Change& c) {
    auto made = c.subscribe("elsewhere");
    return made ? Status{} : pass(made);
  }));
  EXPECT_EQ(heard, 1);
  ASSERT_TRUE(drop(id));
  EXPECT_EQ(heard, 2);
}

TEST_F(OutboxTest, UsageAndSettingsAreKept) {
  ASSERT_TRUE(change(account_, {}, [&](Change& c) -> Status {
    SendingUsage usage = c.state().usage;
    usage.hour.add(SendingUsage::kHour, clock_.now().seconds, {1, 5});
    c.set_usage(std::move(usage));
    c.set_sending({KeepSent::never, {"team@example.org"}});
    return {};
  }));
  restart();
  EXPECT_EQ(account_->published()->usage.hour.current, (SentCount{1, 5}));
  EXPECT_EQ(account_->published()->sending->may_send_as,
            std::vector<std::string>{"team@example.org"});
}

TEST_F(OutboxTest, RefusesWhatCannotBe) {
  const NewEmail email = upload(account_, message("one"));
  const auto try_to = [&](auto&& f) {
    return change(account_, {}, [&](Change& c) -> Status {
      auto kept = c.keep_email(email);
      if (!kept) return pass(kept);
      return f(c, *kept);
    });
  };
  const auto as_status = [](auto&& r) { return r ? Status{} : Status(pass(r)); };
  EXPECT_EQ(try_to([&](Change& c, Ordinal o) { return as_status(c.enqueue(entry(email, o, 0))); })
                .error()
                .kind,
            ErrorKind::bad_argument);
  EXPECT_FALSE(try_to([&](Change& c, Ordinal o) {
    return as_status(c.enqueue(entry(email, Ordinal(o.value + 1))));
  }));
  EXPECT_FALSE(try_to([&](Change& c, Ordinal o) {
    if (auto once = c.enqueue(entry(email, o)); !once) return as_status(once);
    return as_status(c.enqueue(entry(email, o)));
  }));
  EXPECT_TRUE(account_->published()->outbox->empty());
}

TEST_F(OutboxTest, CheckSeesAnOutboxThatNobodyWouldFind) {
  ASSERT_TRUE(submit("one"));
  expect_clean();
  ASSERT_TRUE(unlist_outbox(*engine_, account_->id(), clock_.now().seconds));
  auto report = run(store_->check(false));
  ASSERT_TRUE(report);
  EXPECT_EQ(report->findings.size(), 1U);
}

}  // namespace
}  // namespace posthorn::store
