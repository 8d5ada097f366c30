#include <gmock/gmock.h>

#include <random>

#include "store/store_fixture.h"
#include "store/value/flags_view.h"
#include "store/value/sharing_entries.h"

namespace posthorn::store {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr SystemFlags kFlagged = bit(SystemFlag::flagged);
constexpr SystemFlags kAnswered = bit(SystemFlag::answered);
constexpr SystemFlags kSeen = bit(SystemFlag::seen);
constexpr SystemFlags kDeleted = bit(SystemFlag::deleted);

NumberSet numbers(std::initializer_list<std::uint32_t> list) {
  NumberSet set;
  for (const std::uint32_t n : list) set.add(n);
  return set;
}

/// Ann's INBOX, which Bob uses too. Flags are written as "SFADd work other".
class PrivateFlagsTest : public StoreFixture {
 protected:
  PrivateFlagsTest()
      : ann_(make_account("ann@example.org")),
        bob_(make_account("bob@example.org")->id()),
        inbox_(ann_->published()->find("INBOX")->id) {}

  [[nodiscard]] Actor bob() const { return Actor::user(bob_); }
  [[nodiscard]] Actor ann() const { return Actor::user(ann_->id()); }

  Status as(const Actor& who, std::vector<MailboxId> needs, ChangeFunction function) {
    auto done = run(ann_->change(who, std::move(needs), std::move(function)));
    return done ? Status() : pass(done);
  }
  void share(MailboxId mailbox) {
    Grant grant{.account = bob_, .rights = Rights::all()};
    ASSERT_TRUE(
        as(ann(), {}, [&](Change& c) { return c.set_grant({mailbox, "bob@example.org"}, grant); }));
  }
  Status set_entry(MailboxId mailbox, std::string_view entry, std::optional<std::string> value) {
    return as(ann(), {mailbox}, [&](Change& c) {
      return c.set_annotation({mailbox, {}, std::string(entry)}, value);
    });
  }
  void make_private(MailboxId mailbox) {
    ASSERT_TRUE(set_entry(mailbox, kPrivateFlagsEntry, std::string(kYes)));
  }
  void add(const Actor& who, const FlagList& flags = {}) {
    const NewEmail email = upload(ann_, message("m"));
    ASSERT_TRUE(as(who, {}, [&](Change& c) -> Status {
      auto uid = c.append(inbox_, email, flags, clock_.now());
      return uid ? Status() : pass(uid);
    }));
  }
  std::uint32_t store(const Actor& who, NumberSet uids, FlagOperation how, const FlagList& flags) {
    std::uint32_t changed = 0;
    EXPECT_TRUE(as(who, {inbox_}, [&](Change& c) -> Status {
      auto stored = c.store_flags(inbox_, uids, how, flags, std::nullopt);
      if (!stored) return pass(stored);
      changed = stored->changed;
      return {};
    }));
    return changed;
  }
  MailboxPtr now(MailboxId id) {
    auto loaded = run(ann_->load(id));
    EXPECT_TRUE(loaded);
    return *loaded;
  }
  static std::string spell(const FlagsView& view, const FlagState& flags) {
    std::string text;
    for (const auto& [flag, letter] : {std::pair{kSeen, 'S'},
                                       {kFlagged, 'F'},
                                       {kAnswered, 'A'},
                                       {kDeleted, 'D'},
                                       {bit(SystemFlag::draft), 'd'}})
      if ((flags.system & flag) != 0) text += letter;
    auto names = view.keywords().names_of(flags.keywords);
    std::ranges::sort(names);
    for (const std::string& name : names) text += " " + name;
    return text;
  }
  /// What somebody sees, message by message; looked up in two ways.
  std::vector<std::string> shown(const Actor& who, MailboxId id) {
    const MailboxPtr mailbox = now(id);
    const FlagsView view(*mailbox, who, ann_->id());
    std::vector<std::string> all;
    view.for_each(
        0, mailbox->contents->count(),
        [&](std::uint32_t position, const MemberLeaf&, const FlagLeaf& f, std::uint32_t k) {
          all.push_back(spell(view, f.at(k)));
          EXPECT_EQ(all.back(), spell(view, view.at(position)));
        });
    return all;
  }
  std::vector<std::string> shown(const Actor& who) { return shown(who, inbox_); }
  ModSeq highest(const Actor& who) {
    return FlagsView(*now(inbox_), who, ann_->id()).highest_modseq();
  }
  std::vector<std::uint32_t> changed(const Actor& who, ModSeq since) {
    const MailboxPtr mailbox = now(inbox_);
    std::vector<std::uint32_t> uids;
    FlagsView(*mailbox, who, ann_->id())
        .for_each_changed(since, [&](std::uint32_t, const Member& member, const FlagState& flags) {
          EXPECT_GT(flags.modseq, since);
          uids.push_back(member.uid.value);
        });
    return uids;
  }
  MailboxId make_box(std::string name) {
    EXPECT_TRUE(as(ann(), {}, [&](Change& c) -> Status {
      auto made = c.create_mailbox({.name = name});
      return made ? Status() : pass(made);
    }));
    return ann_->published()->find(name)->id;
  }
  void restart() {
    const AccountId id = ann_->id();
    ann_.reset();
    reopen();
    ann_ = open_account(id);
  }

  AccountPtr ann_;
  AccountId bob_;
  MailboxId inbox_;
};

TEST_F(PrivateFlagsTest, EverybodyStartsFromWhatWasThereAndGoesOnAlone) {
  add(ann(), {kFlagged, {"work"}});
  add(ann());
  share(inbox_);
  make_private(inbox_);
  EXPECT_THAT(shown(bob()), ElementsAre("F work", ""));
  const ModSeq before = highest(bob());
  store(ann(), numbers({1}), FlagOperation::remove, {kFlagged, {"work"}});
  store(ann(), numbers({2}), FlagOperation::add, {kAnswered, {"todo"}});
  EXPECT_EQ(highest(bob()), before);
  EXPECT_THAT(changed(bob(), before), IsEmpty());
  store(bob(), numbers({1}), FlagOperation::add, {kAnswered, {"other"}});
  EXPECT_THAT(changed(bob(), before), ElementsAre(1));
  for (int round = 0; round < 2; ++round) {
    EXPECT_THAT(shown(ann()), ElementsAre("", "A todo"));
    EXPECT_THAT(shown(bob()), ElementsAre("FA other work", ""));
    restart();
  }
  // What is shared moves everybody's.
  const ModSeq anns = highest(ann());
  store(bob(), numbers({2}), FlagOperation::add, {kDeleted, {}});
  EXPECT_GT(highest(ann()), anns);
  EXPECT_THAT(shown(ann()), ElementsAre("", "AD todo"));
}

TEST_F(PrivateFlagsTest, WhatIsSoAlreadyIsNoChange) {
  add(ann(), {kFlagged, {"work"}});
  share(inbox_);
  make_private(inbox_);
  EXPECT_EQ(store(bob(), numbers({1}), FlagOperation::add, {kFlagged, {"work"}}), 0U);
  EXPECT_EQ(store(bob(), numbers({1}), FlagOperation::add, {0, {"other"}}), 1U);
  const ModSeq before = highest(bob());
  EXPECT_EQ(store(bob(), numbers({1}), FlagOperation::replace, {kFlagged, {"other", "work"}}), 0U);
  EXPECT_EQ(store(bob(), numbers({1}), FlagOperation::remove, {0, {"unheard-of"}}), 0U);
  EXPECT_EQ(highest(bob()), before);
  // Back to what is stored: nothing is kept of it but the MODSEQ.
  EXPECT_EQ(store(bob(), numbers({1}), FlagOperation::remove, {0, {"other"}}), 1U);
  EXPECT_TRUE(now(inbox_)->readers->at(bob_)->keywords.empty());
  EXPECT_THAT(changed(bob(), before), ElementsAre(1));
}

TEST_F(PrivateFlagsTest, NewMailHasTheFlagsOfWhoBringsIt) {
  share(inbox_);
  make_private(inbox_);
  add(ann(), {kFlagged | kDeleted, {"work"}});
  add(bob(), {kAnswered, {}});
  add(Actor::delivery(), {kFlagged, {"filter"}});
  for (int round = 0; round < 2; ++round) {
    EXPECT_THAT(shown(ann()), ElementsAre("FD work", "", "F filter"));
    EXPECT_THAT(shown(bob()), ElementsAre("D", "A", "F filter"));
    restart();
  }
}

TEST_F(PrivateFlagsTest, CopiesHaveTheViewOfWhoCopiesAndMovesKeepEverybodys) {
  const MailboxId box = make_box("Box");
  const MailboxId plain = make_box("Plain");
  add(ann(), {0, {"work"}});
  add(ann());
  share(inbox_);
  share(box);
  make_private(inbox_);
  make_private(box);
  store(ann(), numbers({1}), FlagOperation::add, {kFlagged, {}});
  store(bob(), numbers({1}), FlagOperation::replace, {kAnswered, {"bobs"}});
  ASSERT_TRUE(as(bob(), {inbox_}, [&](Change& c) -> Status {
    auto copied = c.copy(inbox_, numbers({1, 2}), plain);
    if (!copied) return pass(copied);
    copied = c.copy(inbox_, numbers({1}), inbox_);
    return copied ? Status() : pass(copied);
  }));
  EXPECT_THAT(shown(ann(), plain), ElementsAre("A bobs", ""));
  EXPECT_THAT(shown(bob()), ElementsAre("A bobs", "", "A bobs"));
  EXPECT_THAT(shown(ann()), ElementsAre("F work", "", ""));
  ASSERT_TRUE(as(ann(), {inbox_}, [&](Change& c) -> Status {
    auto moved = c.move(inbox_, numbers({1, 2, 3}), box);
    return moved ? Status() : pass(moved);
  }));
  for (int round = 0; round < 2; ++round) {
    EXPECT_THAT(shown(ann(), box), ElementsAre("F work", "", ""));
    EXPECT_THAT(shown(bob(), box), ElementsAre("A bobs", "", "A bobs"));
    EXPECT_THAT(shown(bob()), IsEmpty());
    restart();
  }
  // To where flags are shared, the mover's come along.
  ASSERT_TRUE(as(bob(), {box}, [&](Change& c) -> Status {
    auto moved = c.move(box, numbers({1}), plain);
    return moved ? Status() : pass(moved);
  }));
  EXPECT_THAT(shown(ann(), plain), ElementsAre("A bobs", "", "A bobs"));
}

TEST_F(PrivateFlagsTest, FlagsBecomeThoseOfTheOwnerWhenTheyAreSharedAgain) {
  for (int i = 0; i < 40; ++i) add(ann(), {0, {"work"}});
  share(inbox_);
  make_private(inbox_);
  NumberSet some;
  some.add(1, 20);
  store(ann(), some, FlagOperation::replace, {kFlagged | kSeen, {"anns"}});
  store(bob(), numbers({30}), FlagOperation::replace, {kAnswered | kSeen, {}});
  const ModSeq before = std::max(highest(ann()), highest(bob()));
  ASSERT_TRUE(set_entry(inbox_, kPrivateFlagsEntry, std::string(kNo)));
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(shown(ann()).at(19), "SF anns");
    EXPECT_EQ(shown(bob()).at(19), "F anns");
    EXPECT_EQ(shown(ann()).at(29), " work");
    EXPECT_EQ(shown(bob()).at(29), "S work");  // \Seen is still everybody's own.
    EXPECT_EQ(changed(bob(), before).size(), 21U);
    EXPECT_EQ(changed(ann(), before).size(), 21U);
    restart();
  }
  store(bob(), numbers({40}), FlagOperation::add, {kFlagged, {}});
  EXPECT_EQ(shown(ann()).at(39), "F work");
  // Both settings are apart from each other.
  make_private(inbox_);
  store(bob(), numbers({1}), FlagOperation::remove, {kFlagged, {}});
  ASSERT_TRUE(set_entry(inbox_, kSharedSeenEntry, std::string(kYes)));
  EXPECT_EQ(shown(bob()).at(0), "S anns");
  EXPECT_EQ(shown(ann()).at(0), "SF anns");
  restart();
  EXPECT_EQ(shown(bob()).at(0), "S anns");
  EXPECT_EQ(shown(ann()).at(0), "SF anns");
  ASSERT_TRUE(set_entry(inbox_, kPrivateFlagsEntry, std::nullopt));
  EXPECT_EQ(now(inbox_)->readers, nullptr);
  EXPECT_EQ(shown(bob()).at(0), "SF anns");
}

/// Compares with a plain model: a set of flags for each message and person.
TEST_F(PrivateFlagsTest, AgreesWithAModel) {
  share(inbox_);
  make_private(inbox_);
  const std::vector<Actor> people = {ann(), bob(), Actor::user(AccountId{{7}})};
  struct Seen {
    SystemFlags system = 0;
    std::set<std::string> keywords;
  };
  std::vector<std::map<std::uint32_t, Seen>> model(people.size());
  const std::vector<std::string> words = {"a", "b", "c"};
  std::minstd_rand random(31);
  std::uint32_t next = 1;
  for (int step = 0; step < 300; ++step) {
    const std::size_t who = random() % people.size();
    auto& mine = model[who];
    FlagList flags{static_cast<SystemFlags>(random() & (kSeen | kFlagged | kAnswered)), {}};
    for (const std::string& word : words)
      if (random() % 3 == 0) flags.keywords.push_back(word);
    const Seen named{flags.system, {flags.keywords.begin(), flags.keywords.end()}};
    if (const auto what = random() % 10; what < 2 || mine.empty()) {
      add(people[who], flags);
      for (auto& all : model) all[next] = {};
      mine[next++] = named;
    } else if (what == 2) {
      const std::uint32_t uid = std::next(mine.begin(), random() % mine.size())->first;
      ASSERT_TRUE(as(people[who], {inbox_}, [&](Change& c) -> Status {
        auto gone = c.expunge(inbox_, numbers({uid}));
        return gone ? Status() : pass(gone);
      }));
      for (auto& all : model) all.erase(uid);
    } else {
      const std::uint32_t first = std::next(mine.begin(), random() % mine.size())->first;
      NumberSet uids;
      uids.add(first, first + random() % 5);
      const auto how = static_cast<FlagOperation>(random() % 3);
      store(people[who], uids, how, flags);
      for (auto& [uid, seen] : mine) {
        if (!uids.contains(uid)) continue;
        if (how == FlagOperation::replace) seen = named;
        if (how == FlagOperation::add) {
          seen.system |= named.system;
          seen.keywords.insert(named.keywords.begin(), named.keywords.end());
        }
        if (how == FlagOperation::remove) {
          seen.system = static_cast<SystemFlags>(seen.system & ~named.system);
          for (const std::string& word : named.keywords) seen.keywords.erase(word);
        }
      }
    }
    if (step % 60 == 59) restart();
    for (std::size_t i = 0; i < people.size(); ++i) {
      std::vector<std::string> expected;
      for (const auto& [uid, seen] : model[i]) {
        std::string text;
        if ((seen.system & kSeen) != 0) text += 'S';
        if ((seen.system & kFlagged) != 0) text += 'F';
        if ((seen.system & kAnswered) != 0) text += 'A';
        for (const std::string& word : seen.keywords) text += " " + word;
        expected.push_back(text);
      }
      ASSERT_EQ(shown(people[i]), expected) << "step " << step << " person " << i;
    }
  }
}

}  // namespace
}  // namespace posthorn::store
