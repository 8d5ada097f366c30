#include "store/discarded.h"

#include <gtest/gtest.h>

#include "store/read/removed.h"
#include "store/store_fixture.h"
#include "store/store_state.h"

namespace posthorn::store {
namespace {

class DiscardedTest : public StoreFixture {
 protected:
  static constexpr std::uint64_t kQuota = 1'000'000;

  DiscardedTest() : ann_(make_account("ann@example.org")) {
    inbox_ = ann_->published()->find("INBOX")->id;
    set_quota(kQuota);
    set_kept_factor(*store_, 3, 0);
  }
  ~DiscardedTest() override { ann_.reset(); }

  void set_quota(std::uint64_t octets) {
    ASSERT_TRUE(change(ann_, {}, [&](Change& c) -> Status {
      c.set_quota({.max_bytes = octets});
      return {};
    }));
  }

  /// No two are alike, and none compresses well.
  std::string octets(std::size_t size) {
    std::string text = message("number " + std::to_string(++number_));
    std::uint32_t seed = number_;
    while (text.size() < size) {
      seed = seed * 1'664'525 + 1'013'904'223;
      text.push_back(static_cast<char>(32 + (seed >> 24U) % 90));
    }
    return text;
  }
  async::Task<Result<NewEmail>> receive(std::string text) {
    Upload upload(*store_, ann_->id());
    Status fed = co_await upload.feed(text);
    if (!fed) co_return pass(fed);
    co_return co_await upload.finish();
  }
  Status append(std::size_t size) {
    auto email = run(receive(octets(size)));
    if (!email) return pass(email);
    return change(ann_, {}, [&](Change& c) -> Status {
      auto uid = c.append(inbox_, *email, {}, clock_.now());
      return uid ? Status() : pass(uid);
    });
  }
  void expunge_all() {
    ASSERT_TRUE(change(ann_, {inbox_}, [&](Change& c) -> Status {
      auto gone = c.expunge(inbox_, NumberSet::from_ranges({{1, UINT32_MAX}}));
      return gone ? Status() : pass(gone);
    }));
  }
  std::uint64_t recent() {
    return store_->state().discarded.recent(ann_->id(), clock_.now().seconds);
  }
  /// How often it can be done until it is refused, at most a hundred times.
  template <class F>
  int until_refused(F&& once) {
    for (int n = 0; n < 100; ++n) {
      const Status done = once();
      if (done) continue;
      EXPECT_EQ(done.error().kind, ErrorKind::unavailable) << done.error().text;
      return n;
    }
    return 100;
  }
  Status append_and_expunge(std::size_t size) {
    if (Status done = append(size); !done) return done;
    expunge_all();
    return {};
  }
  Status break_off() {
    Upload upload(*store_, ann_->id());
    return run(upload.feed(octets(600'000)));
  }

  AccountPtr ann_;
  MailboxId inbox_;
  std::uint32_t number_ = 0;
};

TEST_F(DiscardedTest, AppendingAndExpungingInALoopIsRefusedForADay) {
  for (const std::size_t size : {std::size_t{300'000}, std::size_t{50'000}}) {
    const int times = until_refused([&] { return append_and_expunge(size); });
    EXPECT_GT(times, 2 * kQuota / size);
    EXPECT_LE(times, 3 * kQuota / size);
    clock_.advance(std::chrono::hours(26));
    EXPECT_TRUE(append_and_expunge(size));
    clock_.advance(std::chrono::hours(26));
  }
}

TEST_F(DiscardedTest, UploadsThatBreakOffAreCounted) {
  const int times = until_refused([&] { return break_off(); });
  EXPECT_GE(times, 4);  // Of each, two pieces of 256 KiB are written ahead.
  EXPECT_LE(times, 8);
  EXPECT_FALSE(append(1000 + 3 * kQuota - recent()));
  clock_.advance(std::chrono::hours(26));
  EXPECT_TRUE(append(1000));
}

TEST_F(DiscardedTest, UploadsThatAreRefusedInTheEndAreCounted) {
  ASSERT_TRUE(append(800'000));
  int refused = 0;
  for (int n = 0; n < 100; ++n) {
    const Status done = append(600'000);
    ASSERT_FALSE(done);
    if (done.error().kind == ErrorKind::unavailable) break;
    EXPECT_EQ(done.error().kind, ErrorKind::over_quota);
    ++refused;
  }
  EXPECT_GE(refused, 3);
  EXPECT_LE(refused, 6);
}

TEST_F(DiscardedTest, WhatIsInAMailboxIsNotCounted) {
  ASSERT_TRUE(append(600'000));
  EXPECT_EQ(recent(), 0U);
  const MailboxId archive = ann_->published()->find("Archive")->id;
  const NumberSet all = NumberSet::from_ranges({{1, 100}});
  ASSERT_TRUE(change(ann_, {inbox_, archive}, [&](Change& c) -> Status {
    auto moved = c.move(inbox_, all, archive);
    return moved ? Status() : pass(moved);
  }));
  EXPECT_EQ(recent(), 0U);
  ASSERT_TRUE(append(1000));
  expunge_all();
  EXPECT_GE(recent(), 1000U);
  EXPECT_LT(recent(), 2000U);
}

TEST_F(DiscardedTest, WithoutQuotaOrFactorThereIsNoBound) {
  set_kept_factor(*store_, 0, 0);
  EXPECT_EQ(until_refused([&] { return append_and_expunge(300'000); }), 100);
  set_kept_factor(*store_, 3, 0);
  set_quota(0);
  EXPECT_TRUE(append(300'000));
}

TEST_F(DiscardedTest, TheOldestExpungedMessagesAreLetGo) {
  const std::int64_t begin = clock_.now().seconds;
  for (int day = 0; day < 6; ++day) {
    ASSERT_TRUE(append_and_expunge(900'000));
    clock_.advance(std::chrono::hours(24));
  }
  // Of the six, three have room; nothing is in a mailbox.
  ASSERT_TRUE(run(store_->sweep()));
  auto removals = run(async::off_loop(*offload_, read_removals(*engine_, ann_->id(), begin)));
  ASSERT_TRUE(removals);
  EXPECT_EQ(removals->messages.size(), 6U);  // The history remains.
  EXPECT_GT(removals->content_horizon, Seq(0));
  // What was let go is erased after the grace time.
  clock_.advance(std::chrono::hours(26));
  ASSERT_TRUE(run(store_->sweep()));
  std::uint64_t stored = 0;
  for (const engine::PieceName& name : *engine_->pieces(std::nullopt, 1000))
    stored += (*engine_->inspect(name))->stored_bytes;
  EXPECT_LE(stored, 3 * kQuota);
  EXPECT_GT(stored, kQuota);
  EXPECT_LE(store_->state().discarded.kept(ann_->id()), 3 * kQuota);
  const auto report = run(store_->check(true));
  ASSERT_TRUE(report);
  for (const std::string& finding : report->findings) ADD_FAILURE() << finding;
}

TEST_F(DiscardedTest, WhatExistsOrIsOfTheLastDayIsNotLetGo) {
  ASSERT_TRUE(append(800'000));
  const MailboxId archive = ann_->published()->find("Archive")->id;
  // A message that was removed from one mailbox, and is in another.
  ASSERT_TRUE(change(ann_, {inbox_, archive}, [&](Change& c) -> Status {
    auto moved = c.move(inbox_, NumberSet::from_ranges({{1, 1}}), archive);
    return moved ? Status() : pass(moved);
  }));
  for (int n = 0; n < 2; ++n) ASSERT_TRUE(append_and_expunge(190'000));
  set_kept_factor(*store_, 1, 0);
  ASSERT_TRUE(run(store_->sweep()));
  const Seq horizon = *run(read_content_horizon(*engine_, ann_->id()));
  EXPECT_EQ(horizon, Seq(0));
}

TEST_F(DiscardedTest, CopiesThatWereRemovedAreNotLostAndCostNothing) {
  set_kept_factor(*store_, 1, 0);
  const MailboxId archive = ann_->published()->find("Archive")->id;
  for (int n = 0; n < 3; ++n) {
    ASSERT_TRUE(append(200'000));
    ASSERT_TRUE(change(ann_, {inbox_, archive}, [&](Change& c) -> Status {
      auto copied = c.copy(inbox_, NumberSet::from_ranges({{1, 100}}), archive);
      return copied ? Status() : pass(copied);
    }));
    expunge_all();
    clock_.advance(std::chrono::hours(26));
  }
  EXPECT_GE(store_->state().discarded.kept(ann_->id()), 600'000U);
  ASSERT_TRUE(run(store_->sweep()));
  EXPECT_EQ(store_->state().discarded.kept(ann_->id()), 0U);
  EXPECT_EQ(*run(read_content_horizon(*engine_, ann_->id())), Seq(0));
}

}  // namespace
}  // namespace posthorn::store
