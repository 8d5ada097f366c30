#include <atomic>
#include <cstring>
#include <tuple>

#include "async/wait.h"
#include "engine/faulty/faulty_engine.h"
#include "store/read/email_reader.h"
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

  /// Two full pieces, which are written ahead, and a rest.
  static std::string large(const std::string& subject, std::size_t size = 600'000) {
    std::string text = message(subject);
    for (int i = 0; text.size() < size; ++i)
      text += subject + " line " + std::to_string(i * 7919) + "\r\n";
    return text;
  }
  /// Begins an upload without finishing it.
  std::unique_ptr<Upload> begin(const AccountPtr& account, const std::string& octets) {
    auto upload = std::make_unique<Upload>(*store_, account->id());
    EXPECT_TRUE(run(upload->feed(octets)));
    return upload;
  }
  std::size_t candidate_count() { return engine_->candidates(std::nullopt, 1000)->size(); }
  engine::FaultyEngine& make_faulty() {
    auto faulty = std::make_unique<engine::FaultyEngine>(std::move(engine_));
    engine::FaultyEngine& control = *faulty;
    engine_ = std::move(faulty);
    reopen();
    return control;
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
  // It is copied before the original is expunged, so it must be kept.
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

  expunge(account, inbox, 701, 710);  // Newer history, which must not be dropped with the older.
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
  append(ann, ann_inbox, upload(ann, message("same")));  // Directly before the sweep.
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
  // The name is free, and the old account's data does not reappear.
  const AccountPtr again = make_account("ann@example.org");
  EXPECT_NE(again->id(), id);
  EXPECT_EQ(again->published()->counters.messages, 0U);
}

/// Counts the calls about single pieces that removing an account makes.
class CountedPieces {
 public:
  explicit CountedPieces(engine::FaultyEngine& engine) : engine_(engine) {
    for (const char* const point : kPoints) engine_.at(point, [this] { ++calls_; });
  }
  ~CountedPieces() {
    for (const char* const point : kPoints) engine_.at(point, {});
  }
  CountedPieces(const CountedPieces&) = delete;
  CountedPieces& operator=(const CountedPieces&) = delete;
  [[nodiscard]] std::size_t calls() const { return calls_; }

 private:
  static constexpr const char* kPoints[] = {"inspect", "unhold", "erase", "clear_candidate"};
  engine::FaultyEngine& engine_;
  std::atomic<std::size_t> calls_ = 0;
};

/// Pieces of another account; nothing examines them for a long time.
void hold_many(engine::Engine& engine, std::uint32_t count) {
  PartitionId other;
  other.bytes[0] = 0xFE;
  engine::PieceHold hold;
  hold.stamp = INT64_MAX / 2;
  hold.bytes = "x";
  for (std::uint32_t i = 0; i < count; ++i) {
    hold.name.bytes[0] = static_cast<std::uint8_t>(1 + i % 251);
    std::memcpy(hold.name.bytes.data() + 4, &i, sizeof i);
    ASSERT_TRUE(engine.hold(hold, other));
  }
}

TEST_F(SweepTest, RemovingAnAccountCostsWhatItHolds) {
  engine::FaultyEngine& control = make_faulty();
  constexpr std::uint32_t kOthers = 10'000;
  hold_many(control, kOthers);
  AccountPtr ann = make_account("ann@example.org");
  const AccountId id = ann->id();
  const MailboxId inbox = ann->published()->find("INBOX")->id;
  for (int i = 0; i < 600; ++i) append(ann, inbox, upload(ann, message(std::to_string(i))));
  auto broken_off = begin(ann, large("broken off"));
  broken_off.reset();
  ASSERT_GT(piece_count(), 600U);
  ann.reset();
  ASSERT_TRUE(run(store_->remove_account(id)));
  clock_.advance(std::chrono::hours(48));
  reopen();
  const CountedPieces counted(control);
  ASSERT_TRUE(run(store_->sweep()));
  EXPECT_LT(counted.calls(), 5000U);
  EXPECT_EQ(engine_->pieces(std::nullopt, 2 * kOthers)->size(), kOthers);
  EXPECT_EQ(engine_->candidates(std::nullopt, 2 * kOthers)->size(), kOthers);
}

TEST_F(SweepTest, RemovingAnAccountIsTakenUpAgainWhereverItStopped) {
  engine::FaultyEngine& control = make_faulty();
  AccountPtr ann = make_account("ann@example.org");
  const AccountPtr ben = make_account("ben@example.org");
  const AccountId id = ann->id();
  const MailboxId inbox = ann->published()->find("INBOX")->id;
  for (int i = 0; i < 1100; ++i) append(ann, inbox, upload(ann, message(std::to_string(i))));
  append(ben, ben->published()->find("INBOX")->id, upload(ben, message("7")));
  auto broken_off = begin(ann, large("broken off"));
  broken_off.reset();
  ann.reset();
  ASSERT_TRUE(run(store_->remove_account(id)));
  clock_.advance(std::chrono::hours(48));
  reopen();
  // Writes and commits fail at one place after another.
  for (const std::size_t skip : {0U, 1U, 300U, 900U, 1100U, 1500U}) {
    control.fail_writes({ErrorKind::io, "disk"}, 1, skip);
    std::ignore = run(store_->sweep());
  }
  control.fail_writes({ErrorKind::io, "disk"}, 0);
  for (const std::size_t skip : {0U, 1U, 2U}) {
    control.fail_commits(engine::CommitFault::fails, 1, skip);
    std::ignore = run(store_->sweep());
  }
  control.fail_commits(engine::CommitFault::fails, 0);
  ASSERT_TRUE(run(store_->sweep()));
  EXPECT_EQ(piece_count(), 1U);
  EXPECT_EQ(candidate_count(), 0U);
  EXPECT_EQ(run(store_->account(id)).error().kind, ErrorKind::not_found);
  EXPECT_TRUE(async::wait(engine_->scan(id, "", "", 10))->rows.empty());
  expect_clean();
}

TEST_F(SweepTest, ARemovedAccountWithADamagedPageLosesItsPiecesAllTheSame) {
  engine::FaultyEngine& control = make_faulty();
  AccountPtr ann = make_account("ann@example.org");
  const AccountId id = ann->id();
  const MailboxId inbox = ann->published()->find("INBOX")->id;
  for (int i = 0; i < 1100; ++i) append(ann, inbox, upload(ann, message(std::to_string(i))));
  const auto pages = engine_->pages(id, PageNumber(0), 1000);
  ASSERT_TRUE(pages);
  ASSERT_FALSE(pages->empty());
  for (const PageNumber page : *pages) ASSERT_TRUE(control.put_page(id, page, "damaged"));
  ann.reset();
  ASSERT_TRUE(run(store_->remove_account(id)));
  clock_.advance(std::chrono::hours(48));
  reopen();
  ASSERT_TRUE(run(store_->sweep()));
  EXPECT_EQ(piece_count(), 0U);
}

TEST_F(SweepTest, AnAccountBrokenOffWhileItWasMadeIsSweptAway) {
  engine::FaultyEngine& control = make_faulty();
  // The intent and the account's partition exist; writing the address fails.
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
  EXPECT_EQ(accounts(), 1U);  // Ben's account.
  EXPECT_TRUE(run(store_->account(ben->id())));
  make_account("ann@example.org");
}

TEST_F(SweepTest, ContentOfExpungedMessagesMayGoBeforeTheirHistory) {
  options_.policy.content_seconds = 2 * 86400;
  reopen();
  const AccountPtr ann = make_account("ann@example.org");
  const MailboxId inbox = ann->published()->find("INBOX")->id;
  for (int i = 0; i < 600; ++i) append(ann, inbox, upload(ann, message(std::to_string(i))));
  const ModSeq before = ann->published()->find(inbox)->head.highest_modseq;
  expunge(ann, inbox, 1, 500);
  clock_.advance(std::chrono::hours(30));
  ASSERT_TRUE(run(store_->sweep()));
  EXPECT_EQ(piece_count(), 600U);
  clock_.advance(std::chrono::hours(50));
  ASSERT_TRUE(run(store_->sweep()));
  EXPECT_EQ(piece_count(), 100U);
  auto gone = run(ann->expunged_since(inbox, before));
  EXPECT_TRUE(gone->complete);
  EXPECT_EQ(gone->uids.count(), 500U);
  expect_clean();
  clock_.advance(std::chrono::hours(24 * 20));
  expunge(ann, inbox, 501, 510);
  clock_.advance(std::chrono::hours(24 * 15));  // The first is past the horizon, this one is not.
  ASSERT_TRUE(run(store_->sweep()));
  EXPECT_EQ(piece_count(), 90U);
  EXPECT_FALSE(run(ann->expunged_since(inbox, before))->complete);
  expect_clean();
}

TEST_F(SweepTest, TheRetentionInForceIsTheNewestOne) {
  const AccountPtr ann = make_account("ann@example.org");
  const MailboxId inbox = ann->published()->find("INBOX")->id;
  append(ann, inbox, upload(ann, message("one")));
  expunge(ann, inbox, 1, 1);
  clock_.advance(std::chrono::hours(24 * 5));
  ASSERT_TRUE(run(store_->sweep()));
  EXPECT_EQ(piece_count(), 1U);
  StorePolicy shorter = store_->policy();
  shorter.content_seconds = 3 * 86400;
  store_->set_policy(shorter);
  ASSERT_TRUE(run(store_->sweep()));
  EXPECT_EQ(piece_count(), 0U);
}

TEST_F(SweepTest, PiecesAreSharedInTheirScopeOnly) {
  const std::map<PieceSharing, std::size_t> expected = {
      {PieceSharing::server, 1}, {PieceSharing::domain, 2}, {PieceSharing::account, 3}};
  for (const auto& [sharing, scopes] : expected) {
    shut();
    engine_ = std::make_unique<engine::MemoryEngine>();
    options_.piece_sharing = sharing;
    reopen();
    std::vector<AccountPtr> all;
    for (const char* name : {"ann@a.example", "ben@a.example", "cyd@b.example"})
      all.push_back(make_account(name));
    // A separate delivery to each, then one delivery to all of them, begun for the first.
    for (const AccountPtr& account : all)
      append(account, account->published()->find("INBOX")->id, upload(account, large("each")));
    EXPECT_EQ(piece_count(), 3 * scopes);
    auto shared = begin(all.front(), large("together"));
    for (const AccountPtr& account : all) {
      auto email = run(shared->finish("Delivered-To: x\r\n", account->id()));
      ASSERT_TRUE(email) << email.error().text;
      append(account, account->published()->find("INBOX")->id, *email);
    }
    EXPECT_EQ(piece_count(), 6 * scopes);
    EXPECT_EQ(candidate_count(), 0U);
    expect_clean();
  }
}

TEST_F(SweepTest, ABrokenOffUploadIsFreedAfterTheGraceTime) {
  AccountPtr ann = make_account("ann@example.org");
  begin(ann, large("lost"));
  EXPECT_EQ(piece_count(), 2U);
  const AccountId id = ann->id();
  ann.reset();
  reopen();  // The process that wrote it no longer knows of it.
  clock_.advance(std::chrono::hours(20));
  ASSERT_TRUE(run(store_->sweep()));
  EXPECT_EQ(piece_count(), 2U);
  clock_.advance(std::chrono::hours(5));
  ASSERT_TRUE(run(store_->sweep()));
  EXPECT_EQ(piece_count(), 0U);
  EXPECT_EQ(candidate_count(), 0U);
  open_account(id);
  expect_clean();
}

TEST_F(SweepTest, WhatAMessageUsesIsKeptAndLookedAtOnce) {
  const AccountPtr ann = make_account("ann@example.org");
  const MailboxId inbox = ann->published()->find("INBOX")->id;
  append(ann, inbox, upload(ann, large("kept")));
  EXPECT_EQ(candidate_count(), 0U);
  begin(ann, large("kept"));  // The same bytes again, in an aborted upload.
  EXPECT_EQ(candidate_count(), 2U);
  EXPECT_EQ(piece_count(), 3U);
  for (int i = 0; i < 600; ++i) append(ann, inbox, upload(ann, message(std::to_string(i))));
  clock_.advance(std::chrono::hours(25));
  ASSERT_TRUE(run(store_->sweep()));
  EXPECT_EQ(candidate_count(), 0U);
  EXPECT_EQ(piece_count(), 603U);
  expect_clean();
}

TEST_F(SweepTest, ARefusedMessageIsFreedAndAnothersCopyOfItIsNot) {
  const AccountPtr ann = make_account("ann@example.org");
  const AccountPtr ben = make_account("ben@example.org");
  // One delivery to two recipients, written ahead for Ann.
  const NewEmail email = upload(ann, large("both"));
  ASSERT_TRUE(change(ann, {}, [&](Change& c) -> Status {
    c.set_quota({1000, 0});
    return {};
  }));
  EXPECT_EQ(change(ann, {},
                   [&](Change& c) -> Status {
                     auto made = c.append(c.state().find("INBOX")->id, email, {}, {});
                     return made ? Status{} : pass(made);
                   })
                .error()
                .kind,
            ErrorKind::over_quota);
  append(ben, ben->published()->find("INBOX")->id, email);
  clock_.advance(std::chrono::hours(25));
  ASSERT_TRUE(run(store_->sweep()));
  for (const auto& name : *engine_->pieces(std::nullopt, 10)) {
    const auto info = engine_->inspect(name);
    ASSERT_EQ((*info)->holders.size(), 1U);
    EXPECT_EQ((*info)->holders[0].partition, ben->id());
  }
  EXPECT_EQ(piece_count(), 3U);
  expect_clean();
}

TEST_F(SweepTest, AMessageOfASlowUploadIsSafeFromTheSweepThatRunsThen) {
  const AccountPtr ann = make_account("ann@example.org");
  auto slow = begin(ann, large("slow"));
  clock_.advance(std::chrono::hours(30));
  auto email = run(slow->finish());
  ASSERT_TRUE(email);
  append(ann, ann->published()->find("INBOX")->id, *email);
  for (const auto& name : *engine_->pieces(std::nullopt, 10))
    EXPECT_EQ((*engine_->inspect(name))->holders[0].stamp, clock_.now().seconds);
  ASSERT_TRUE(run(store_->sweep()));
  expect_clean();
}

/// While the remains of an aborted upload are swept, equal bytes are delivered at each step: in a
/// new delivery to the same account and to another, and in one begun long before. Every
/// acknowledged message exists afterwards.
TEST_F(SweepTest, ADeliveryAtAnyStepOfTheSweepIsNotLost) {
  engine::FaultyEngine& control = make_faulty();
  const AccountPtr ann = make_account("ann@example.org");
  const AccountPtr ben = make_account("ben@example.org");
  const MailboxId ann_inbox = ann->published()->find("INBOX")->id;
  const MailboxId ben_inbox = ben->published()->find("INBOX")->id;
  int round = 0;
  int met = 0;
  for (const char* call : {"candidates", "inspect", "unhold", "erase", "clear_candidate"}) {
    for (const char* side : {"", ".done"}) {
      for (int nth = 0; nth < 4; ++nth) {
        for (int kind = 0; kind < 3; ++kind) {
          const std::string octets = large("race" + std::to_string(++round), 270'000);
          auto old = begin(ann, octets);
          clock_.advance(std::chrono::hours(25));
          int passed = 0;
          const std::string point = std::string(call) + side;
          control.at(point, [&] {
            if (passed++ != nth) return;
            ++met;
            if (kind == 0) append(ann, ann_inbox, upload(ann, octets));
            if (kind == 1) append(ben, ben_inbox, upload(ben, octets));
            if (kind == 2) {
              auto email = run(old->finish());
              ASSERT_TRUE(email);
              const Status done = change(ann, {}, [&](Change& c) -> Status {
                auto made = c.append(ann_inbox, *email, {}, clock_.now());
                return made ? Status{} : pass(made);
              });
              // Too late for its pieces: the delivery is refused, and the error says so.
              if (!done) EXPECT_EQ(done.error().kind, ErrorKind::not_found);
            }
          });
          ASSERT_TRUE(run(store_->sweep()));
          control.at(point, {});
          expect_clean();
          clock_.advance(std::chrono::hours(25));
          ASSERT_TRUE(run(store_->sweep()));
          expect_clean();
          ASSERT_FALSE(HasFailure()) << point << " " << nth << " " << kind;
        }
      }
    }
  }
  EXPECT_GE(met, 40);  // Before and after every call of a sweep.
  EXPECT_EQ(candidate_count(), 0U);
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
