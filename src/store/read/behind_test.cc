#include "store/read/behind.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "async/wait.h"
#include "engine/rocksdb/rocksdb_engine.h"
#include "store/format/keys.h"
#include "store/format/system.h"
#include "store/store_fixture.h"

/// A store that may be older than what its clients have seen assigns no number twice.
namespace posthorn::store {
namespace {

namespace fs = std::filesystem;

class BehindTest : public StoreFixture {
 protected:
  Uid append(const AccountPtr& account, const std::string& subject, const char* mailbox = "INBOX") {
    const NewEmail email = upload(account, message(subject));
    const MailboxId target = account->published()->find(mailbox)->id;
    Uid uid;
    EXPECT_TRUE(change(account, {}, [&](Change& c) -> Status {
      auto made = c.append(target, email, {}, {1'790'000'000, 0});
      if (!made) return pass(made);
      uid = *made;
      return {};
    }));
    return uid;
  }

  MailboxPtr inbox(const AccountPtr& account) {
    auto loaded = run(account->load(account->published()->find("INBOX")->id));
    EXPECT_TRUE(loaded) << loaded.error().text;
    return loaded ? *loaded : nullptr;
  }

  /// Simulates the loss of the changes that wrote these rows.
  void lose(const AccountId& id, const std::vector<std::string>& keys) {
    auto version = async::wait(engine_->version(id));
    ASSERT_TRUE(version);
    engine::Commit commit{id, *version, 0, {}, {}};
    for (const std::string& key : keys) commit.edits.push_back({key, std::nullopt});
    ASSERT_TRUE(commit_and_wait(*engine_, std::move(commit)));
  }

  /// Simulates the start after a loss.
  void start_behind(std::uint64_t epoch) {
    shut();
    dynamic_cast<engine::MemoryEngine&>(*engine_).set_epoch(epoch);
    reopen();
  }

  void expect_sound() {
    auto report = run(store_->check(true));
    ASSERT_TRUE(report);
    for (const std::string& finding : report->findings) ADD_FAILURE() << finding;
  }
};

TEST_F(BehindTest, EveryNumberJumpsOnce) {
  const AccountId id = make_account("ann@example.org")->id();
  AccountPtr account = open_account(id);
  const Uid old = append(account, "old");
  const StatePtr before = account->published();
  const MailboxHead head = inbox(account)->head;
  account.reset();
  for (int round = 0; round < 2; ++round) {
    start_behind(7);
    account = open_account(id);
    const StatePtr now = account->published();
    const MailboxHead& next = now->find("INBOX")->head;
    EXPECT_EQ(now->seq.value, before->seq.value + Jump::changes);
    EXPECT_EQ(next.highest_modseq.value, now->seq.value);
    EXPECT_EQ(next.uid_next.value, head.uid_next.value + Jump::uids);
    EXPECT_EQ(next.uid_validity, head.uid_validity);
    EXPECT_EQ(now->counters.next_ordinal.value,
              before->counters.next_ordinal.value + Jump::messages);
    EXPECT_EQ(now->counters.next_mailbox.value,
              before->counters.next_mailbox.value + Jump::mailboxes);
    EXPECT_EQ(now->counters.next_uid_validity.value,
              before->counters.next_uid_validity.value + Jump::uid_validities);
    // Existing messages stay unchanged, and are reported again.
    const MailboxPtr box = inbox(account);
    EXPECT_EQ(box->contents->members().at(0).uid, old);
    EXPECT_EQ(box->contents->flags_at(0).modseq, next.highest_modseq);
    auto expunged = run(account->expunged_since(box->id, head.highest_modseq));
    ASSERT_TRUE(expunged);
    EXPECT_FALSE(expunged->complete);
    account.reset();
    expect_sound();
  }
  account = open_account(id);
  EXPECT_EQ(append(account, "new").value, head.uid_next.value + Jump::uids);
  account.reset();
  reopen();
  expect_sound();
}

TEST_F(BehindTest, ANewAccountIsLevelFromTheStart) {
  start_behind(7);
  const AccountId id = make_account("ann@example.org")->id();
  reopen();
  EXPECT_LT(open_account(id)->published()->find("INBOX")->head.uid_next.value, Jump::uids);
}

TEST_F(BehindTest, AnIdleAccountIsLeftAlone) {
  const AccountId id = make_account("ann@example.org")->id();
  const auto before = async::wait(engine_->version(id));
  start_behind(7);
  const auto after = async::wait(engine_->version(id));
  ASSERT_TRUE(before && after);
  EXPECT_EQ(*after, *before);
}

TEST_F(BehindTest, AMailboxOutOfUidsGetsANewUidValidity) {
  const AccountId id = make_account("ann@example.org")->id();
  UidValidity validity;
  for (std::uint64_t epoch = 1; epoch < 70; ++epoch) {
    start_behind(epoch);
    AccountPtr account = open_account(id);
    const MailboxHead& head = account->published()->find("INBOX")->head;
    if (epoch == 1) validity = head.uid_validity;
    ASSERT_LT(head.uid_next.value, UINT32_MAX - Jump::uids) << epoch;
    if (head.uid_validity != validity) {
      EXPECT_GT(epoch, 50U);
      EXPECT_GT(head.uid_validity, validity);
      append(account, "still");
      account.reset();
      return expect_sound();
    }
  }
  FAIL() << "it never ran out";
}

/// Changes in the middle are lost, while later changes that were computed from them exist.
TEST_F(BehindTest, WhatWasComputedFromLostChangesIsMadeTrueAgain) {
  AccountPtr account = make_account("ann@example.org");
  const AccountId id = account->id();
  std::vector<Uid> uids;
  for (int n = 0; n < 10; ++n) uids.push_back(append(account, "one"));
  ASSERT_TRUE(change(account, {}, [&](Change& c) -> Status {
    auto made = c.create_mailbox({"Lost name", 0, true});
    return made ? Status{} : pass(made);
  }));
  append(account, "in it", "Lost name");
  const MailboxId box = account->published()->find("INBOX")->id;
  const MailboxId nameless = account->published()->find("Lost name")->id;
  ASSERT_TRUE(change(account, {box}, [&](Change& c) -> Status {
    NumberSet set;
    set.add(uids[9].value);
    auto out = c.store_flags(box, set, FlagOperation::add, {0, {"$Label"}}, std::nullopt);
    return out ? Status{} : pass(out);
  }));
  account.reset();
  shut();
  lose(id, {keys::tail_row(box, uids[3]), keys::email(Ordinal(4)), keys::tail_row(box, uids[4]),
            keys::email(Ordinal(5)), keys::name(nameless), keys::keywords(box)});
  reopen();
  EXPECT_FALSE(run(store_->account(id))) << "nothing was wrong with it";
  start_behind(3);
  account = open_account(id);
  EXPECT_EQ(inbox(account)->head.messages, 8U);
  const std::string recovered = "Recovered-" + std::to_string(nameless.value);
  ASSERT_TRUE(account->published()->find(recovered));
  EXPECT_EQ(account->published()->find(recovered)->head.messages, 1U);
  EXPECT_EQ(account->published()->counters.messages, 9U);
  EXPECT_EQ(inbox(account)->keywords->names(), std::vector<std::string>{"recovered-0"});
  account.reset();
  expect_sound();
}

TEST_F(BehindTest, AChunkPageThatIsGoneCostsItsRowsAlone) {
  AccountPtr account = make_account("ann@example.org");
  const AccountId id = account->id();
  const MailboxId box = account->published()->find("INBOX")->id;
  append(account, "one");
  for (int n = 0; n < 13; ++n) {
    ASSERT_TRUE(change(account, {box}, [&](Change& c) -> Status {
      auto made = c.copy(box, NumberSet::from_ranges({{1, UINT32_MAX}}), box);
      return made ? Status{} : pass(made);
    }));
  }
  EXPECT_EQ(inbox(account)->head.messages, 8192U);
  account.reset();
  reopen();
  account = open_account(id);
  auto pages = engine_->pages(id, PageNumber{0}, 100);
  ASSERT_TRUE(pages && !pages->empty());
  account.reset();
  shut();
  ASSERT_TRUE(engine_->drop_pages(id, std::span(&pages->front(), 1)));
  start_behind(3);
  account = open_account(id);
  const MailboxPtr left = inbox(account);
  ASSERT_TRUE(left);
  EXPECT_LT(left->head.messages, 8192U);
  EXPECT_GT(left->head.messages, 1000U);
}

TEST_F(BehindTest, MessagesArePackedAcrossTheGapInOrdinals) {
  AccountPtr account = make_account("ann@example.org");
  const AccountId id = account->id();
  for (int n = 0; n < 100; ++n) append(account, "before");
  account.reset();
  start_behind(3);
  account = open_account(id);
  for (int n = 0; n < 700; ++n) append(account, "after");
  account.reset();
  reopen();  // Waits until packing has ended.
  std::size_t groups = 0;
  auto rows = async::wait(engine_->scan(id, "g", "h", 1000));
  ASSERT_TRUE(rows);
  groups = rows->rows.size();
  EXPECT_GE(groups, 1U);
  EXPECT_LE(groups, 4U) << "empty groups were made of the gap";
  expect_sound();
}

/// The whole sequence with RocksDB: messages are acknowledged, the server is killed, the log is
/// damaged.
class LossTest : public BehindTest {
 protected:
  LossTest() {
    std::string name = (fs::temp_directory_path() / "posthorn-loss-XXXXXX").string();
    EXPECT_TRUE(mkdtemp(name.data()));
    folder_ = name;
    use(folder_ / "store");
  }
  ~LossTest() override {
    shut();
    engine_.reset();
    fs::remove_all(folder_);
  }

  Status use(const fs::path& store, bool accept_loss = false) {
    shut();
    engine_.reset();
    auto opened = engine::open_rocksdb({.path = store.string(), .accept_loss = accept_loss});
    if (!opened) return pass(opened);
    engine_ = std::move(*opened);
    reopen();
    return {};
  }

  static fs::path log_in(const fs::path& store) {
    fs::path newest;
    for (const auto& file : fs::directory_iterator(store))
      if (file.path().extension() == ".log") newest = std::max(newest, file.path());
    return newest;
  }

  fs::path folder_;
};

TEST_F(LossTest, NewMessagesGetUidsAboveAllThatWereEverTold) {
  AccountPtr account = make_account("ann@example.org");
  const AccountId id = account->id();
  for (int n = 0; n < 600; ++n) append(account, "acknowledged");
  const MailboxHead told = account->published()->find("INBOX")->head;
  account.reset();
  shut();  // Nothing is packed while the files are copied as a kill leaves them.
  const fs::path killed = folder_ / "killed";
  fs::copy(folder_ / "store", killed, fs::copy_options::recursive);
  {
    const fs::path log = log_in(killed);
    std::fstream file(log, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(fs::file_size(log) / 3));
    file << std::string(20, '\x55');
  }
  const Status refused = use(killed);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::corrupt);
  EXPECT_NE(refused.error().text.find("--accept-loss"), std::string::npos) << refused.error().text;
  ASSERT_TRUE(use(killed, true));
  account = open_account(id);
  const MailboxHead now = inbox(account)->head;
  EXPECT_GE(now.messages, 590U) << "what lies behind the damage is kept";
  EXPECT_LT(now.messages, 600U);
  EXPECT_EQ(now.uid_validity, told.uid_validity);
  EXPECT_GT(now.highest_modseq, told.highest_modseq);
  EXPECT_GE(append(account, "new"), told.uid_next);
  account.reset();
  expect_sound();
  ASSERT_TRUE(use(killed)) << "once accepted, it is over";
}

/// The same backup is restored, serves clients, and is restored again.
TEST_F(LossTest, TwoCopiesOfOneStateNeverAssignTheSameNumber) {
  AccountPtr account = make_account("ann@example.org");
  const AccountId id = account->id();
  for (int n = 0; n < 3; ++n) append(account, "saved");
  account.reset();
  shut();
  const std::uint64_t first_epoch = Jump::origin + 30'000'000;
  for (const auto& [name, epoch] : {std::pair("one", first_epoch), {"two", first_epoch + 60}}) {
    fs::copy(folder_ / "store", folder_ / name, fs::copy_options::recursive);
    std::ofstream(folder_ / name / "LOSSES") << epoch << " restored\n";
  }
  ASSERT_TRUE(use(folder_ / "one"));
  account = open_account(id);
  for (int n = 0; n < 200; ++n) append(account, "assigned in between");
  const StatePtr one = account->published();
  account.reset();
  ASSERT_TRUE(use(folder_ / "two"));
  account = open_account(id);
  const StatePtr two = account->published();
  EXPECT_GE(two->find("INBOX")->head.uid_next, one->find("INBOX")->head.uid_next);
  EXPECT_EQ(two->find("INBOX")->head.uid_validity, one->find("INBOX")->head.uid_validity);
  EXPECT_GT(two->find("INBOX")->head.highest_modseq, one->find("INBOX")->head.highest_modseq);
  EXPECT_GT(two->seq, one->seq);
  EXPECT_GE(two->counters.next_ordinal, one->counters.next_ordinal);
  EXPECT_GT(two->counters.next_mailbox, one->counters.next_mailbox);
  EXPECT_GT(two->counters.next_uid_validity, one->counters.next_uid_validity);
  account.reset();
  expect_sound();
}

}  // namespace
}  // namespace posthorn::store
