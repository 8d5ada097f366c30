#include "service/vanished.h"

#include <gtest/gtest.h>

#include "service/messages.h"
#include "store/store_fixture.h"

namespace posthorn::service {
namespace {

NumberSet numbers(std::initializer_list<std::uint32_t> list) {
  NumberSet set;
  for (const std::uint32_t n : list) set.add(n);
  return set;
}

/// INBOX with the UIDs 1 to 10, of which 2, 5 and 9 were expunged later.
class VanishedTest : public store::StoreFixture {
 protected:
  VanishedTest() : ann_(make_account("ann@example.org")) {
    const auto inbox = resolve(Caller::owner(ann_), "INBOX");
    EXPECT_TRUE(inbox);
    inbox_ = *inbox;
    const store::NewEmail email = upload(ann_, message("one"));
    EXPECT_TRUE(change(ann_, {inbox_.id}, [&](store::Change& c) -> Status {
      for (int i = 0; i < 10; ++i)
        if (auto uid = c.append(inbox_.id, email, {}, clock_.now()); !uid) return pass(uid);
      return {};
    }));
    before_ = inbox_.published()->head.highest_modseq;
    EXPECT_TRUE(change(ann_, {inbox_.id}, [&](store::Change& c) -> Status {
      auto done = c.expunge(inbox_.id, numbers({2, 5, 9}));
      return done ? Status() : pass(done);
    }));
  }
  ~VanishedTest() override {
    inbox_.account.reset();
    ann_.reset();
  }

  NumberSet vanished(VanishedQuery query) {
    const auto now = run(newest(inbox_));
    EXPECT_TRUE(now);
    auto gone = run(vanished_since(inbox_, *now, std::move(query)));
    EXPECT_TRUE(gone);
    return *gone;
  }

  /// Makes the history forget everything.
  void forget_history() {
    clock_.advance(std::chrono::hours(24 * 60));
    EXPECT_TRUE(run(store_->sweep()));
  }

  store::AccountPtr ann_;
  MailboxRef inbox_;
  ModSeq before_;
};

TEST_F(VanishedTest, TheHistoryKnowsWhatWasExpunged) {
  EXPECT_EQ(vanished({.since = before_}), numbers({2, 5, 9}));
  EXPECT_EQ(vanished({.since = before_, .known = numbers({4, 5, 6})}), numbers({5}));
  EXPECT_EQ(vanished({.since = inbox_.published()->head.highest_modseq}), NumberSet());
}

TEST_F(VanishedTest, BeyondTheHistoryEverythingThatDoesNotExistIsGone) {
  forget_history();
  const ModSeq since(1);
  EXPECT_EQ(vanished({.since = since}), numbers({2, 5, 9}));
  // 11 was never assigned.
  EXPECT_EQ(vanished({.since = since, .known = numbers({1, 2, 9, 11})}), numbers({2, 9}));
}

TEST_F(VanishedTest, SamplesThatMatchSpareWhatIsBelowThem) {
  forget_history();
  VanishedQuery query{.since = ModSeq(1)};
  query.samples = {numbers({1, 3}), numbers({1, 4})};  // Both match: 2 was told as gone before.
  EXPECT_EQ(vanished(query), numbers({5, 9}));
  query.samples = {numbers({1, 4}), numbers({1, 4})};  // The second does not match.
  EXPECT_EQ(vanished(query), numbers({2, 5, 9}));
  query.samples = {numbers({1}), numbers({1, 4})};  // There are more UIDs than numbers.
  EXPECT_EQ(vanished(query), numbers({2, 5, 9}));
}

}  // namespace
}  // namespace posthorn::service
