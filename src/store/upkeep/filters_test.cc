#include <algorithm>
#include <chrono>
#include <thread>

#include "async/wait.h"
#include "store/filter/read_filter.h"
#include "store/filter/text_filter.h"
#include "store/format/keys.h"
#include "store/format/system.h"
#include "store/read/email_catalog.h"
#include "store/store_fixture.h"
#include "store/upkeep/filter_step.h"
#include "store/upkeep/maintenance.h"

namespace posthorn::store {
namespace {

/// An account with some groups of messages, each with a word of its own.
class FiltersTest : public StoreFixture {
 protected:
  /// The last 300 stay rows, since groups are made while twice as many as one has are rows.
  static constexpr std::uint32_t kPacked = 3 * EmailCatalog::kGroupSize;
  static constexpr std::uint32_t kMessages = kPacked + 300;

  FiltersTest() : ann_(make_account("ann@example.org")) {
    const MailboxId inbox = ann_->published()->find("INBOX")->id;
    std::vector<NewEmail> emails;
    for (std::uint32_t i = 1; i <= kMessages; ++i) emails.push_back(upload(ann_, message(word(i))));
    EXPECT_TRUE(change(ann_, {}, [&](Change& c) -> Status {
      for (const NewEmail& email : emails)
        if (auto uid = c.append(inbox, email, {}, {}); !uid) return pass(uid);
      return {};
    }));
    Maintenance::request(ann_);
  }
  ~FiltersTest() override { ann_.reset(); }
  FiltersTest(const FiltersTest&) = delete;
  FiltersTest& operator=(const FiltersTest&) = delete;

  static std::string word(std::uint32_t i) { return fmt::format("WORD{:06}END", i * 7919); }

  void restart() {
    const AccountId id = ann_->id();
    ann_.reset();
    reopen();
    ann_ = open_account(id);
  }

  FilterCatalog::Refs refs() { return **run(ann_->emails().filters().load(true)); }

  /// Waits until nothing is left to do.
  void wait() {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(2);
    Maintenance::request(ann_);
    // Seen twice, since the list may have been read before a damaged filter was removed, and the
    // damage asked for after that.
    int seen = 0;
    while (std::chrono::steady_clock::now() < deadline) {
      auto groups = run(ann_->emails().load());
      const auto step = next_filter_step(**groups, ann_->emails().filters(), refs());
      const bool packed = !(*groups)->empty() && (*groups)->back().last >= Ordinal(kPacked);
      seen = packed && !step.is_needed() ? seen + 1 : 0;
      if (seen == 2) return;
      if (seen == 0) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    FAIL() << "the filters were not made";
  }

  /// How many of the packed messages the filters rule out for the word of message `i`; -1 if they
  /// rule out the message itself.
  int ruled_out(std::uint32_t i, bool* incomplete = nullptr) {
    TextFilter filter(ann_, {grams_of(word(i))});
    std::vector<Ordinal> all;
    for (std::uint32_t o = 1; o <= kMessages; ++o) all.emplace_back(o);
    run(filter.load(all));
    if (incomplete != nullptr) *incomplete = filter.is_incomplete();
    int count = 0;
    std::size_t hint = 0;
    for (const Ordinal ordinal : all) {
      if (filter.absent(ordinal, hint) == 0) continue;
      if (ordinal.value == i) return -1;
      ++count;
    }
    return count;
  }

  AccountPtr ann_;
};

TEST_F(FiltersTest, RuleOutWhatCannotMatch) {
  wait();
  ASSERT_FALSE(refs().empty());
  const int packed = static_cast<int>(refs().back().last.value);
  for (const std::uint32_t i : {1U, 100U, 256U, 257U, 600U, kMessages}) {
    EXPECT_GE(ruled_out(i), packed - 20) << i;
    EXPECT_LT(ruled_out(i), packed + 1) << i;
  }
}

TEST_F(FiltersTest, AMissingFilterIsMade) {
  wait();
  const auto before = refs();
  const AccountId id = ann_->id();
  ann_.reset();
  reopen();
  const std::string key = keys::filter(before.front().first);
  ASSERT_TRUE(edit_row(*engine_, id, key, [&](const auto&) {
    return Result<std::vector<engine::Edit>>({{key, std::nullopt}});
  }));
  ann_ = open_account(id);
  bool incomplete = false;
  EXPECT_GE(ruled_out(300, &incomplete), 0);
  EXPECT_TRUE(incomplete);
  wait();
  EXPECT_EQ(refs().size(), before.size());
  EXPECT_GT(ruled_out(1, &incomplete), 200);
  EXPECT_FALSE(incomplete);
}

TEST_F(FiltersTest, AnOutdatedFilterIsNotUsedAndMadeAgain) {
  wait();
  const AccountId id = ann_->id();
  const auto before = refs();
  ann_.reset();
  reopen();
  FilterRef outdated = before.front();
  outdated.maker ^= 1;
  const std::string key = keys::filter(outdated.first);
  ASSERT_TRUE(edit_row(*engine_, id, key, [&](const auto&) {
    return Result<std::vector<engine::Edit>>({{key, encode_filter_ref(outdated)}});
  }));
  ann_ = open_account(id);
  EXPECT_EQ(ruled_out(kMessages), static_cast<int>(before.back().last.value - outdated.last.value));
  wait();
  EXPECT_TRUE(std::ranges::all_of(refs(), &FilterRef::is_usable));
  EXPECT_NE(refs().front().page, outdated.page);
  // The pages of the old one are gone.
  EXPECT_FALSE(engine_->try_read_page(id, outdated.page));
}

TEST_F(FiltersTest, ADamagedFilterIsMadeAgain) {
  wait();
  const AccountId id = ann_->id();
  const auto before = refs();
  ann_.reset();
  reopen();
  ASSERT_TRUE(engine_->drop_pages(id, before.front().pages()));
  ann_ = open_account(id);
  bool incomplete = false;
  EXPECT_GE(ruled_out(5, &incomplete), 0);
  EXPECT_TRUE(incomplete);
  wait();
  EXPECT_NE(refs().front().page, before.front().page);
  EXPECT_GT(ruled_out(5, &incomplete), 200);
  EXPECT_FALSE(incomplete);
  EXPECT_TRUE(run(store_->check(true, Store::Repair::nothing))->findings.empty());
}

TEST_F(FiltersTest, NothingIsKeptOfDroppedContent) {
  wait();
  const MailboxId inbox = ann_->published()->find("INBOX")->id;
  const NumberSet gone = NumberSet::from_ranges({{3, 40}, {257, 512}});
  EXPECT_TRUE(change(ann_, {inbox}, [&](Change& c) -> Status {
    auto marked = c.store_flags(inbox, gone, FlagOperation::add, {bit(SystemFlag::deleted), {}},
                                std::nullopt);
    if (!marked) return pass(marked);
    auto expunged = c.expunge_deleted(inbox, gone);
    return expunged ? Status{} : pass(expunged);
  }));
  clock_.advance(std::chrono::hours(24 * 40));
  ASSERT_TRUE(run(store_->sweep()));
  wait();
  std::size_t left = 0;
  for (const FilterRef& ref : refs()) {
    auto messages = run(read_filter(*engine_, ann_->id(), ref));
    ASSERT_TRUE(messages) << messages.error().text;
    for (const SignedMessage& m : *messages)
      EXPECT_FALSE(gone.contains(static_cast<std::uint32_t>(m.ordinal.value)));
    left += messages->size();
  }
  EXPECT_GT(left, 200U);
  EXPECT_TRUE(run(store_->check(true, Store::Repair::nothing))->findings.empty());
}

FilterRef ref_of(std::uint64_t first, std::uint64_t last, std::uint32_t parts = 8) {
  return {Ordinal(first), Ordinal(last), PageNumber(first), parts, filter_maker()};
}

/// Filters are merged sixteen at a time, but only when every group has one.
TEST_F(FiltersTest, TheNextStep) {
  EmailCatalog::Groups groups;
  FilterCatalog::Refs some;
  for (std::uint64_t g = 0; g < 20; ++g) {
    groups.push_back({Ordinal(g * 256 + 1), Ordinal(g * 256 + 256), {}});
    if (g != 9) some.push_back(ref_of(g * 256 + 1, g * 256 + 256));
  }
  FilterCatalog catalog(*engine_, ann_->id());
  FilterStep step = next_filter_step(groups, catalog, some);
  ASSERT_TRUE(step.group);
  EXPECT_EQ(step.group->first, Ordinal(9 * 256 + 1));
  some.insert(some.begin() + 9, ref_of(9 * 256 + 1, 9 * 256 + 256));
  step = next_filter_step(groups, catalog, some);
  EXPECT_TRUE(step.merge);
  ASSERT_EQ(step.replaced.size(), kMergedFilters);
  EXPECT_EQ(step.replaced.back().last, Ordinal(16 * 256));
  catalog.note_damaged(some[3].first);
  step = next_filter_step(groups, catalog, some);
  EXPECT_FALSE(step.merge);
  ASSERT_EQ(step.replaced.size(), 1U);
  EXPECT_EQ(step.replaced.front().first, some[3].first);
  catalog.clear_damaged(some[3].first);
  for (FilterRef& ref : some) ref.parts = 128;
  EXPECT_FALSE(next_filter_step(groups, catalog, some).is_needed()) << "they are too large";
}

}  // namespace
}  // namespace posthorn::store
