#include <algorithm>
#include <atomic>
#include <functional>
#include <random>

#include "engine/memory/memory_engine.h"
#include "store/nodes/test_node.h"

/// Two processes with the same data. What one of them does to how messages are stored, by commits
/// that nobody sees, must not cost the other anything.
namespace posthorn::store {
namespace {

constexpr std::uint32_t kFirst = 520;   // One group, and what stays as rows.
constexpr std::uint32_t kSecond = 260;  // Enough for one more group.

/// Does something on the loop of a node.
async::Task<void> perform(std::function<void()> what) {
  what();
  co_return;
}

class TwoStores : public testing::Test {
 protected:
  TwoStores() : ann_(one_.make("ann@example.org")), id_(ann_->id()) {
    inbox_ = ann_->published()->find("INBOX")->id;
  }
  ~TwoStores() override { ann_.reset(); }
  TwoStores(const TwoStores&) = delete;
  TwoStores& operator=(const TwoStores&) = delete;

  std::uint32_t messages(const AccountPtr& account) const {
    return account->published()->find(inbox_)->head.messages;
  }

  ManualClock clock_{1'790'000'000};
  engine::MemoryEngine engine_;
  TestNode one_{engine_, clock_};
  // An engine has one listener: only this store hears of what the other commits.
  TestNode two_{engine_, clock_};
  AccountPtr ann_;
  AccountId id_;
  MailboxId inbox_;
};

/// The first store packs messages, and rewrites the group without what was expunged. The second,
/// which has read the account in between, stores new messages and packs in its turn.
TEST_F(TwoStores, PackingInBothKeepsEveryMessage) {
  ASSERT_TRUE(one_.append(ann_, inbox_, "old", kFirst));
  ASSERT_TRUE(comes_true([&] { return one_.groups(ann_) == 1; }));
  ASSERT_TRUE(one_.expunge(ann_, inbox_, 1, 11));
  const AccountPtr again = two_.open(id_);
  clock_.advance(std::chrono::hours(24 * 40));
  ASSERT_TRUE(one_.run(one_.store().sweep()));
  ASSERT_TRUE(two_.append(again, inbox_, "new", kSecond));
  ASSERT_TRUE(comes_true([&] { return two_.groups(again) == 2; }));
  EXPECT_EQ(messages(again), kFirst - 11 + kSecond);
  two_.expect_sound();
}

TEST_F(TwoStores, OneFollowsTheOther) {
  const AccountPtr again = two_.open(id_);
  ASSERT_TRUE(two_.run(again->load(inbox_)));
  std::atomic<int> woken = 0;
  std::unique_ptr<Account::Watch> watch;
  two_.run(perform([&] { watch = again->watch({inbox_}, [&] { ++woken; }); }));
  const MailboxId trash = ann_->published()->find("Trash")->id;
  ASSERT_TRUE(two_.run(again->load(trash)));
  ASSERT_TRUE(one_.append(ann_, inbox_, "new"));
  EXPECT_TRUE(comes_true([&] { return messages(again) == 1 && woken > 0; }));
  // What did not change is not read again, and of the rest only what did.
  EXPECT_TRUE(again->published()->find(trash)->contents);
  EXPECT_TRUE(again->published()->find(inbox_)->contents);
  EXPECT_EQ(again->reloads(), 1U);
  // Its own commits are nothing new to it.
  ASSERT_TRUE(two_.append(again, inbox_, "newer"));
  ASSERT_TRUE(two_.expunge(again, inbox_, 1, 1));
  EXPECT_EQ(again->reloads(), 1U);
  two_.run(perform([&] { watch.reset(); }));
}

/// The first store hears of nothing here, so that each of its changes is a conflict.
TEST_F(TwoStores, AChangeOfWhatWasNotHeardOfIsComputedAgain) {
  const AccountPtr again = two_.open(id_);
  ASSERT_TRUE(one_.run(ann_->load(inbox_)));
  for (int i = 1; i <= 5; ++i) {
    ASSERT_TRUE(two_.append(again, inbox_, "theirs"));
    ASSERT_TRUE(one_.append(ann_, inbox_, "ours"));
    EXPECT_EQ(messages(ann_), 2U * static_cast<std::uint32_t>(i));
    ASSERT_TRUE(two_.append(again, inbox_, "theirs"));
    // Nothing is refused, and nothing found done already, because of what was not heard of.
    ASSERT_TRUE(one_.expunge(ann_, inbox_, static_cast<std::uint32_t>(3 * i),
                             static_cast<std::uint32_t>(3 * i)));
    EXPECT_EQ(messages(ann_), 2U * static_cast<std::uint32_t>(i));
  }
  one_.expect_sound();
}

/// The contents of a mailbox that a store has in memory are brought up to date by whatever the
/// other did, and are then as if they were read anew.
TEST_F(TwoStores, FollowingEqualsLoading) {
  ASSERT_TRUE(one_.append(ann_, inbox_, "many", 300));
  AccountPtr again = two_.open(id_);
  ASSERT_TRUE(two_.run(again->load(inbox_)));
  using Rows = std::vector<std::tuple<std::uint32_t, std::uint64_t, std::uint64_t, SystemFlags,
                                      std::vector<std::string>>>;
  const auto rows_of = [](const Mailbox& mailbox) {
    Rows rows;
    mailbox.contents->for_each(
        0, mailbox.contents->count(),
        [&](std::uint32_t, const MemberLeaf& m, const FlagLeaf& f, std::uint32_t k) {
          const FlagState flags = f.at(k);
          rows.emplace_back(m.uid[k], m.ordinal[k], flags.modseq.value, flags.system,
                            mailbox.keywords->names_of(flags.keywords));
        });
    return rows;
  };
  std::mt19937 random{9};
  int followed = 0;
  for (int i = 0; i < 60; ++i) {
    const std::uint32_t next = ann_->published()->find(inbox_)->head.uid_next.value;
    const auto some = [&](std::uint32_t most) {
      std::vector<NumberSet::Range> uids;
      for (std::uint32_t n = 1 + random() % most; n > 0; --n) {
        const auto uid = static_cast<std::uint32_t>(1 + random() % next);
        uids.push_back({uid, uid});
      }
      return NumberSet::from_ranges(std::move(uids));
    };
    ASSERT_TRUE(one_.change(ann_, {inbox_}, [&](Change& c) -> Status {
      if (i % 5 == 1)
        if (auto gone = c.expunge(inbox_, some(4)); !gone) return pass(gone);
      if (i % 5 == 2)
        if (auto made = c.copy(inbox_, some(5), inbox_); !made) return pass(made);
      FlagList flags{static_cast<SystemFlags>(random() & 15), {}};
      if (i % 3 == 0) flags.keywords.push_back("k" + std::to_string(random() % 9));
      auto stored = c.store_flags(inbox_, some(i % 4 == 0 ? 80 : 3),
                                  static_cast<FlagOperation>(random() % 3), flags, std::nullopt);
      return stored ? Status() : pass(stored);
    })) << i;
    const Seq wanted = ann_->published()->seq;
    ASSERT_TRUE(comes_true([&] { return again->published()->seq == wanted; })) << i;
    const MailboxPtr now = again->published()->find(inbox_);
    followed += now->contents ? 1 : 0;
    const auto loaded = two_.run(again->load(inbox_));
    ASSERT_TRUE(loaded) << loaded.error().text;
    const Rows theirs = rows_of(**loaded);
    const Rows ours = rows_of(*ann_->published()->find(inbox_));
    const auto [other, own] = std::ranges::mismatch(theirs, ours);
    ASSERT_TRUE(other == theirs.end() && own == ours.end())
        << i << ": " << (other == theirs.end() ? "none" : testing::PrintToString(*other))
        << ", not " << (own == ours.end() ? "none" : testing::PrintToString(*own));
    if (i % 7 == 0) {
      // It knows where everything is stored, too.
      ASSERT_TRUE(two_.change(again, {inbox_}, [&](Change& c) -> Status {
        auto stored = c.store_flags(inbox_, some(20), FlagOperation::add, {1, {}}, std::nullopt);
        return stored ? Status() : pass(stored);
      }));
    }
  }
  EXPECT_GT(followed, 50);
  again.reset();
  one_.expect_sound();
}

TEST_F(TwoStores, NeitherForgetsWhatTheOtherDidToTheProfile) {
  const AccountPtr again = two_.open(id_);
  ASSERT_TRUE(two_.run(two_.store().profile(id_)));
  ASSERT_TRUE(one_.run(one_.store().profile(id_)));
  ASSERT_TRUE(one_.run(one_.store().set_disabled(id_, true)));
  ASSERT_TRUE(two_.run(two_.store().set_credentials(id_, "two")));
  // The first store has the profile from before in its cache, and hears of nothing.
  ASSERT_TRUE(one_.run(
      one_.store().edit_login_rules(id_, Store::Sessions::keep, [](std::string& rules) -> Status {
        rules = "rules";
        return {};
      })));
  const auto profile = one_.run(one_.store().profile(id_));
  ASSERT_TRUE(profile);
  EXPECT_TRUE(profile->disabled);
  EXPECT_EQ(profile->credentials, "two");
  EXPECT_EQ(profile->login_rules, "rules");
  EXPECT_TRUE(
      comes_true([&] { return two_.run(two_.store().profile(id_))->login_rules == "rules"; }));
}

TEST_F(TwoStores, AddressesAreForgottenWhenTheyChangeElsewhere) {
  ASSERT_TRUE(one_.run(one_.store().add_alias("a@example.org", id_)));
  ASSERT_TRUE(*two_.run(two_.store().find_address("a@example.org")));
  ASSERT_TRUE(one_.run(one_.store().remove_alias("a@example.org")));
  EXPECT_TRUE(comes_true([&] { return !*two_.run(two_.store().find_address("a@example.org")); }));
}

}  // namespace
}  // namespace posthorn::store
