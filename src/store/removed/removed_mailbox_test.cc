#include "store/removed/removed_mailbox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "async/wait.h"
#include "store/format/keys.h"
#include "store/format/system.h"
#include "store/removed/removal_numbers.h"
#include "store/store_fixture.h"

namespace posthorn::store {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr auto kDay = std::chrono::hours(24);

class RemovedMailboxTest : public StoreFixture {
 protected:
  RemovedMailboxTest() : ann_(make_account("ann@example.org")), id_(ann_->id()) {
    show_removed_mailboxes(*store_, "Gone");
  }
  ~RemovedMailboxTest() override { ann_.reset(); }

  void restart() {
    ann_.reset();
    reopen();
    show_removed_mailboxes(*store_, "Gone");
    ann_ = open_account(id_);
  }
  MailboxId box(const std::string& name) const { return ann_->published()->find(name)->id; }
  /// Appends some messages to INBOX, and returns the UID of the first.
  Uid append(int messages = 1) {
    const NewEmail email = upload(ann_, message("m"));
    Uid first;
    EXPECT_TRUE(change(ann_, {}, [&](Change& c) -> Status {
      for (int i = 0; i < messages; ++i) {
        auto uid = c.append(box("INBOX"), email, {bit(SystemFlag::deleted), {"$Work"}}, {77, 0});
        if (!uid) return pass(uid);
        if (i == 0) first = *uid;
      }
      return {};
    }));
    return first;
  }
  void expunge(Uid first, std::uint32_t count = 1, const std::string& from = "INBOX") {
    const MailboxId id = box(from);
    ASSERT_TRUE(change(ann_, {id}, [&](Change& c) -> Status {
      auto gone = c.expunge(id, NumberSet::from_ranges({{first.value, first.value + count - 1}}));
      return gone ? Status() : pass(gone);
    }));
  }
  void expunge_new(std::uint32_t count = 1) { expunge(append(static_cast<int>(count)), count); }
  void copy(const std::string& from, Uid uid, const std::string& to, bool moves = false) {
    ASSERT_TRUE(change(ann_, {box(from)}, [&](Change& c) -> Status {
      const NumberSet uids = NumberSet::from_ranges({{uid.value, uid.value}});
      auto pairs = moves ? c.move(box(from), uids, box(to)) : c.copy(box(from), uids, box(to));
      return pairs ? Status() : pass(pairs);
    }));
  }
  MailboxPtr shown() {
    auto loaded = run(load_removed(ann_));
    EXPECT_TRUE(loaded) << (loaded ? "" : loaded.error().text);
    return loaded ? *loaded : nullptr;
  }
  static std::vector<std::uint32_t> uids_of(const Mailbox& mailbox) {
    std::vector<std::uint32_t> uids;
    const Members& members = mailbox.contents->members();
    members.for_each(0, members.count(),
                     [&](std::uint32_t, const MemberLeaf& leaf, std::uint32_t k) {
                       uids.push_back(leaf.uid[k]);
                     });
    return uids;
  }
  std::vector<std::uint32_t> uids() { return uids_of(*shown()); }
  /// Writes a row as another process would, or removes it.
  void edit(std::string key, std::optional<std::string> value) {
    const AccountId id = id_;
    ann_.reset();
    shut();
    auto version = async::wait(engine_->version(id));
    ASSERT_TRUE(version);
    engine::Commit commit{id, *version, 0, {}, {}};
    commit.edits.push_back({std::move(key), std::move(value)});
    ASSERT_TRUE(commit_and_wait(*engine_, std::move(commit)));
    restart();
  }

  AccountPtr ann_;
  AccountId id_;
};

TEST_F(RemovedMailboxTest, IsThereOnlyIfItHasAName) {
  EXPECT_NE(published_removed(*ann_), nullptr);
  show_removed_mailboxes(*store_, "INBOX");  // A mailbox of the account's own comes first.
  EXPECT_EQ(published_removed(*ann_), nullptr);
  show_removed_mailboxes(*store_, "");
  EXPECT_EQ(published_removed(*ann_), nullptr);
  const auto loaded = run(load_removed(ann_));
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().kind, ErrorKind::not_found);
}

TEST_F(RemovedMailboxTest, ShowsMessagesAsTheyWere) {
  EXPECT_THAT(uids(), IsEmpty());
  const Uid uid = append();
  clock_.advance(kDay);
  expunge(uid);
  const MailboxPtr gone = shown();
  ASSERT_EQ(gone->contents->count(), 1U);
  const Member member = gone->contents->members().at(0);
  EXPECT_EQ(member.internal_date, (Timestamp{77, 0}));
  EXPECT_EQ(member.save_date, static_cast<std::uint32_t>(clock_.now().seconds));
  const FlagState flags = gone->contents->flags_at(0);
  EXPECT_EQ(flags.system, 0U);
  EXPECT_EQ(flags.modseq.value, ann_->published()->seq.value);
  EXPECT_THAT(gone->keywords->names_of(flags.keywords), ElementsAre("$Work"));
  EXPECT_EQ(gone->head.messages, 1U);
  EXPECT_EQ(gone->head.unseen, 1U);
  EXPECT_EQ(gone->head.bytes, member.size);
  EXPECT_EQ(gone->head.uid_next, Uid(2));
  EXPECT_EQ(published_removed(*ann_), gone);
}

TEST_F(RemovedMailboxTest, ShowsOnlyWhatIsInNoMailbox) {
  const Uid first = append(4);
  copy("INBOX", first, "Archive", true);
  copy("INBOX", Uid(first.value + 1), "Archive");
  expunge(Uid(first.value + 1), 2);
  EXPECT_THAT(uids(), ElementsAre(3U));
  // When its last copy goes, a message comes as a new one.
  expunge(Uid(2), 1, "Archive");
  EXPECT_THAT(uids(), ElementsAre(3U, 4U));
  expunge(Uid(1), 1, "Archive");
  EXPECT_THAT(uids(), ElementsAre(3U, 4U, 5U));
}

TEST_F(RemovedMailboxTest, ADeletedMailboxIsShownWithItsKeywords) {
  copy("INBOX", append(), "Archive", true);
  const MailboxId archive = box("Archive");
  ASSERT_TRUE(change(ann_, {archive}, [](Change& c) { return c.delete_mailbox("Archive"); }));
  for (int round = 0; round < 2; ++round) {
    const MailboxPtr gone = shown();
    EXPECT_THAT(uids_of(*gone), ElementsAre(2U));
    const FlagState flags = gone->contents->flags_at(0);
    EXPECT_THAT(gone->keywords->names_of(flags.keywords), ElementsAre("$Work"));
    restart();
  }
}

TEST_F(RemovedMailboxTest, UidsStayWhateverIsForgotten) {
  expunge_new(3);
  const UidValidity validity = shown()->head.uid_validity;
  EXPECT_THAT(uids(), ElementsAre(1U, 2U, 3U));
  clock_.advance(20 * kDay);
  expunge_new(2);
  EXPECT_THAT(uids(), ElementsAre(1U, 2U, 3U, 4U, 5U));
  restart();
  EXPECT_THAT(uids(), ElementsAre(1U, 2U, 3U, 4U, 5U));
  // The log loses its older part.
  clock_.advance(15 * kDay);
  append();
  ASSERT_TRUE(run(store_->sweep()));
  EXPECT_THAT(uids(), ElementsAre(4U, 5U));
  restart();
  expunge_new();
  const MailboxPtr gone = shown();
  EXPECT_THAT(uids_of(*gone), ElementsAre(4U, 5U, 6U));
  EXPECT_EQ(gone->head.uid_validity, validity);
}

TEST_F(RemovedMailboxTest, AnotherNumberingHasAnotherUidValidity) {
  expunge_new(2);
  const UidValidity first = shown()->head.uid_validity;
  // The numbers are not needed while the log has everything.
  edit(keys::removal_numbers(), std::nullopt);
  EXPECT_EQ(shown()->head.uid_validity, first);
  EXPECT_THAT(uids(), ElementsAre(1U, 2U));
  // Nobody looks until the log has lost what came after them.
  const std::string old = encode_removal_numbers({first, Seq(1), Uid(1)});
  clock_.advance(35 * kDay);
  expunge_new();
  edit(keys::removal_numbers(), old);
  ASSERT_TRUE(run(store_->sweep()));
  const MailboxPtr gone = shown();
  EXPECT_THAT(uids_of(*gone), ElementsAre(1U));
  EXPECT_GT(gone->head.uid_validity, first);
  edit(keys::removal_numbers(), "damaged");
  EXPECT_EQ(shown()->head.uid_validity, gone->head.uid_validity);
}

TEST_F(RemovedMailboxTest, WhatIsTooOldDisappearsBeforeItsContent) {
  expunge_new();
  clock_.advance(10 * kDay);
  expunge_new();
  EXPECT_THAT(uids(), ElementsAre(1U, 2U));
  clock_.advance(21 * kDay);
  EXPECT_THAT(uids(), ElementsAre(2U));
  // A clock that steps back brings nothing back, as its UID would come before others.
  clock_.advance(-5 * kDay);
  append();
  EXPECT_THAT(uids(), ElementsAre(2U));
}

TEST_F(RemovedMailboxTest, WhatComesBackDisappears) {
  expunge_new(3);
  const MailboxPtr gone = shown();
  const MailboxId inbox = box("INBOX");
  ASSERT_TRUE(change(ann_, {}, [&](Change& c) {
    return c.restore(inbox, {{gone->contents->members().at(1), {}}});
  }));
  const MailboxPtr now = shown();
  EXPECT_THAT(uids_of(*now), ElementsAre(1U, 3U));
  EXPECT_GT(now->head.highest_modseq, gone->head.highest_modseq);
  // What sessions compare costs what changed: both share their nodes' slots.
  const MembershipDifference difference(gone->contents->members(), now->contents->members());
  EXPECT_THAT(difference.gone, ElementsAre(1U));
  EXPECT_THAT(difference.added, IsEmpty());
}

TEST_F(RemovedMailboxTest, ArrivalsChangeNothingShown) {
  expunge_new();
  const MailboxPtr before = shown();
  append();
  EXPECT_EQ(published_removed(*ann_)->contents, nullptr);
  const MailboxPtr after = shown();
  EXPECT_EQ(after->contents, before->contents);
  EXPECT_GT(after->head.highest_modseq, before->head.highest_modseq);
}

TEST_F(RemovedMailboxTest, OnlyTheNewestAreShown) {
  constexpr std::uint32_t kMessages = 1000;
  expunge_new(3);
  append(static_cast<int>(kMessages));
  // What is moved to and fro is counted, and not shown.
  const auto move_all = [&](const std::string& from, const std::string& to) {
    ASSERT_TRUE(change(ann_, {box(from)}, [&](Change& c) -> Status {
      auto pairs = c.move(box(from), NumberSet::from_ranges({{1, UINT32_MAX}}), box(to));
      return pairs ? Status() : pass(pairs);
    }));
  };
  const std::size_t moves = RemovedMailbox::kMost / kMessages;
  for (std::size_t i = 0; i + 1 < moves; ++i)
    move_all(i % 2 == 0 ? "INBOX" : "Archive", i % 2 == 0 ? "Archive" : "INBOX");
  EXPECT_THAT(uids(), ElementsAre(1U, 2U, 3U));
  move_all(moves % 2 == 0 ? "Archive" : "INBOX", moves % 2 == 0 ? "INBOX" : "Archive");
  EXPECT_THAT(uids(), IsEmpty());
  expunge_new();
  const auto last = static_cast<std::uint32_t>(RemovedMailbox::kMost) + 4;
  EXPECT_THAT(uids(), ElementsAre(last));
  restart();
  EXPECT_THAT(uids(), ElementsAre(last));
}

TEST_F(RemovedMailboxTest, DamageHidesWhatCannotBeNumbered) {
  expunge_new();
  clock_.advance(kDay);
  const Seq second(ann_->published()->seq.value + 2);
  expunge_new();
  expunge_new();
  const UidValidity validity = shown()->head.uid_validity;
  const MailboxId inbox = box("INBOX");
  edit(keys::journal(inbox, second), "damaged");
  EXPECT_THAT(uids(), ElementsAre(3U));
  EXPECT_EQ(shown()->head.uid_validity, validity);
  // Without the numbers, nobody knows how many removals the damaged record had.
  edit(keys::removal_numbers(), std::nullopt);
  EXPECT_THAT(uids(), ElementsAre(1U));
  EXPECT_GT(shown()->head.uid_validity, validity);
}

}  // namespace
}  // namespace posthorn::store
