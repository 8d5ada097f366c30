#include <array>
#include <random>
#include <thread>

#include "store/format/mailbox_storage.h"
#include "store/store_fixture.h"

namespace posthorn::store {
namespace {

class CheckpointTest : public StoreFixture {
 protected:
  using Rows = std::vector<std::tuple<std::uint32_t, std::uint64_t, SystemFlags>>;

  static Rows rows_of(const Contents& contents) {
    Rows rows;
    contents.for_each(0, contents.count(),
                      [&](std::uint32_t, const MemberLeaf& m, const FlagLeaf& f, std::uint32_t k) {
                        rows.emplace_back(m.uid[k], f.at(k).modseq.value, f.at(k).system);
                      });
    return rows;
  }

  /// Appends `count` messages, most of them copies.
  MailboxId fill(const AccountPtr& account, std::uint32_t count) {
    const MailboxId inbox = account->published()->find("INBOX")->id;
    const NewEmail email = upload(account, message("one"));
    EXPECT_TRUE(change(account, {}, [&](Change& c) -> Status {
      auto made = c.append(inbox, email, {}, {1'790'000'000, 0});
      return made ? Status{} : pass(made);
    }));
    while (account->published()->find(inbox)->head.messages < count) {
      EXPECT_TRUE(change(account, {inbox}, [&](Change& c) -> Status {
        const std::uint32_t there = c.state().find(inbox)->head.messages;
        auto made =
            c.copy(inbox, NumberSet::from_ranges({{1, std::min(there, count - there)}}), inbox);
        return made ? Status{} : pass(made);
      }));
    }
    return inbox;
  }

  static NumberSet some_uids(std::mt19937& random, std::uint32_t below, int count) {
    std::vector<NumberSet::Range> uids;
    for (int i = 0; i < count; ++i) {
      const std::uint32_t uid = 1 + static_cast<std::uint32_t>(random()) % below;
      uids.push_back({uid, uid});
    }
    return NumberSet::from_ranges(std::move(uids));
  }
};

/// While a mailbox is packed, other changes of the account continue: flags, expunges and new
/// messages, also among the messages being packed. Read again from the disk, the account is the
/// same.
TEST_F(CheckpointTest, ChangesDuringACheckpointAreNotLost) {
  constexpr std::uint32_t kMessages = 12'000;
  AccountPtr account = make_account("ann@example.org");
  const AccountId id = account->id();
  const MailboxId inbox = fill(account, kMessages);
  std::mt19937 random{3};
  std::size_t packed = 0;
  std::uint32_t tail = 0;
  for (int i = 0; i < 150; ++i) {
    const NumberSet uids = some_uids(random, kMessages, 120);
    ASSERT_TRUE(change(account, {inbox}, [&](Change& c) -> Status {
      if (i % 7 == 6) {
        auto gone = c.expunge(inbox, some_uids(random, kMessages, 3));
        if (!gone) return pass(gone);
      }
      auto stored = c.store_flags(inbox, uids, FlagOperation::replace,
                                  {static_cast<SystemFlags>(random() & 15), {}}, std::nullopt);
      return stored ? Status{} : pass(stored);
    }));
    const std::uint32_t now = account->published()->find(inbox)->tail_rows;
    if (now < tail) ++packed;
    tail = now;
  }
  EXPECT_GE(packed, 1U);
  const MailboxPtr last = account->published()->find(inbox);
  const Rows before = rows_of(*last->contents);
  account.reset();
  reopen();
  account = open_account(id);
  auto loaded = run(account->load(inbox));
  ASSERT_TRUE(loaded) << loaded.error().text;
  EXPECT_EQ(rows_of(*(*loaded)->contents), before);
  auto report = run(store_->check(false));
  EXPECT_TRUE(report->findings.empty()) << report->findings.front();
}

/// Flag changes of few and of many messages: in rows, in separate records and in pages, with
/// checkpoints at any time in between. Read again from the disk, the mailbox and its keywords are
/// the same.
TEST_F(CheckpointTest, FlagChangesOfAnySizeAreReadAgain) {
  constexpr std::uint32_t kMessages = 6'000;
  AccountPtr account = make_account("ann@example.org");
  const AccountId id = account->id();
  const MailboxId inbox = fill(account, kMessages);
  const auto all_of = [&](const MailboxPtr& mailbox) {
    std::vector<std::tuple<std::uint32_t, std::uint64_t, SystemFlags, std::vector<std::string>>>
        all;
    const Contents& contents = *mailbox->contents;
    contents.for_each(0, contents.count(),
                      [&](std::uint32_t, const MemberLeaf& m, const FlagLeaf& f, std::uint32_t k) {
                        const FlagState flags = f.at(k);
                        all.emplace_back(m.uid[k], flags.modseq.value, flags.system,
                                         mailbox->keywords->names_of(flags.keywords));
                      });
    return all;
  };
  std::mt19937 random{5};
  bool in_records = false;
  for (int i = 0; i < 200; ++i) {
    constexpr std::array<int, 6> kSizes = {1, 8, 30, 200, 1'500, 6'000};
    const NumberSet uids = some_uids(random, kMessages + 50, kSizes[random() % kSizes.size()]);
    FlagList flags{static_cast<SystemFlags>(random() & 31), {}};
    if (random() % 3 == 0) flags.keywords.push_back("k" + std::to_string(random() % 5));
    const auto operation = static_cast<FlagOperation>(random() % 3);
    ASSERT_TRUE(change(account, {inbox}, [&](Change& c) -> Status {
      if (i % 9 == 8)
        if (auto gone = c.expunge(inbox, some_uids(random, kMessages, 3)); !gone) return pass(gone);
      if (i % 11 == 10)
        if (auto made = c.copy(inbox, some_uids(random, kMessages, 2), inbox); !made)
          return pass(made);
      auto stored = c.store_flags(inbox, uids, operation, flags, std::nullopt);
      if (stored && i % 13 == 12)  // And back again, which one record could not express.
        stored = c.store_flags(inbox, uids, FlagOperation::replace, {1, {}}, std::nullopt);
      return stored ? Status{} : pass(stored);
    })) << i;
    const MailboxPtr now = account->published()->find(inbox);
    in_records = in_records || !now->storage->flag_changes.empty();
    if (i % 10 != 9) continue;
    const auto before = all_of(now);
    account.reset();
    reopen();
    account = open_account(id);
    auto loaded = run(account->load(inbox));
    ASSERT_TRUE(loaded) << loaded.error().text;
    ASSERT_EQ(all_of(*loaded), before) << i;
  }
  EXPECT_TRUE(in_records);
  auto report = run(store_->check(false));
  EXPECT_TRUE(report->findings.empty()) << report->findings.front();
}

}  // namespace
}  // namespace posthorn::store
