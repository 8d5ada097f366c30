#include <gmock/gmock.h>

#include <random>

#include "store/store_fixture.h"
#include "store/value/flags_view.h"
#include "store/value/sharing_entries.h"

namespace posthorn::store {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr SystemFlags kSeen = bit(SystemFlag::seen);

NumberSet numbers(std::initializer_list<std::uint32_t> list) {
  NumberSet set;
  for (const std::uint32_t n : list) set.add(n);
  return set;
}

/// Ann's INBOX, which Bob uses too.
class SharingTest : public StoreFixture {
 protected:
  SharingTest()
      : ann_(make_account("ann@example.org")),
        bob_(make_account("bob@example.org")->id()),
        inbox_(ann_->published()->find("INBOX")->id) {}

  Status as(const Actor& who, std::vector<MailboxId> needs, ChangeFunction function) {
    auto done = run(ann_->change(who, std::move(needs), std::move(function)));
    return done ? Status() : pass(done);
  }
  [[nodiscard]] Actor bob() const { return Actor::user(bob_); }
  [[nodiscard]] Actor ann() const { return Actor::user(ann_->id()); }

  void share(MailboxId mailbox) {
    Grant grant{.account = bob_, .rights = Rights::all()};
    ASSERT_TRUE(
        as(ann(), {}, [&](Change& c) { return c.set_grant({mailbox, "bob@example.org"}, grant); }));
  }
  void add(const Actor& who, SystemFlags flags = 0) {
    const NewEmail email = upload(ann_, message("m"));
    ASSERT_TRUE(as(who, {}, [&](Change& c) -> Status {
      auto uid = c.append(inbox_, email, {flags, {}}, clock_.now());
      return uid ? Status() : pass(uid);
    }));
  }
  void store_seen(const Actor& who, std::uint32_t uid, FlagOperation how) {
    ASSERT_TRUE(as(who, {inbox_}, [&](Change& c) -> Status {
      auto stored = c.store_flags(inbox_, numbers({uid}), how, {kSeen, {}}, std::nullopt);
      return stored ? Status() : pass(stored);
    }));
  }
  MailboxPtr now(MailboxId id) {
    auto loaded = run(ann_->load(id));
    EXPECT_TRUE(loaded);
    return *loaded;
  }
  /// The UIDs that somebody has not seen, by the flags; and checks that the count says the same.
  std::vector<std::uint32_t> unseen(const Actor& who, MailboxId id) {
    const MailboxPtr mailbox = now(id);
    const FlagsView view(*mailbox, who, ann_->id());
    std::vector<std::uint32_t> uids;
    view.for_each(0, mailbox->contents->count(),
                  [&](std::uint32_t, const MemberLeaf& m, const FlagLeaf& f, std::uint32_t k) {
                    if ((f.system[k] & kSeen) == 0) uids.push_back(m.uid[k]);
                  });
    EXPECT_EQ(uids.size(), view.unseen());
    return uids;
  }
  std::vector<std::uint32_t> unseen(const Actor& who) { return unseen(who, inbox_); }
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

// RFC 7162 §3.2, and a reader's notes are nobody else's business.
TEST_F(SharingTest, APrivateAnnotationIsAChangeForItsReaderOnly) {
  const auto set = [&](const Actor& who, AccountId reader, std::string value) {
    return as(who, {}, [&](Change& c) {
      return c.set_annotation({inbox_, reader, "/private/comment"}, value);
    });
  };
  add(ann());
  share(inbox_);
  const ModSeq anns = highest(ann());
  const ModSeq bobs = highest(bob());
  ASSERT_TRUE(set(bob(), bob_, "x"));
  EXPECT_EQ(highest(ann()), anns);
  const ModSeq raised = highest(bob());
  EXPECT_GT(raised, bobs);
  ASSERT_TRUE(set(ann(), ann_->id(), "x"));
  EXPECT_EQ(highest(bob()), raised);
  EXPECT_GT(highest(ann()), anns);
  ASSERT_TRUE(set(bob(), bob_, "y"));
  EXPECT_GT(highest(bob()), raised);
  const ModSeq last = highest(bob());
  restart();
  EXPECT_EQ(highest(bob()), last);
  store_seen(bob(), 1, FlagOperation::add);
  EXPECT_GT(highest(bob()), last);
  EXPECT_THAT(changed(bob(), last), ElementsAre(1));
  EXPECT_THAT(changed(bob(), raised), ElementsAre(1));
  // What all see is a change for all.
  const ModSeq before = highest(ann());
  ASSERT_TRUE(as(ann(), {}, [&](Change& c) {
    return c.set_annotation({inbox_, {}, "/shared/comment"}, "x");
  }));
  EXPECT_GT(highest(ann()), before);
  EXPECT_EQ(highest(bob()), highest(ann()));
}

// value/sharing_entries.h
TEST_F(SharingTest, SeenCanBeSharedAndBecomeOwnAgain) {
  const AnnotationKey key{inbox_, {}, std::string(kSharedSeenEntry)};
  const auto set = [&](std::optional<std::string> value) {
    return as(ann(), {inbox_}, [&](Change& c) { return c.set_annotation(key, value); });
  };
  add(ann());
  add(ann(), kSeen);
  add(ann());
  add(ann(), kSeen);
  add(ann());
  share(inbox_);
  store_seen(ann(), 1, FlagOperation::add);
  store_seen(ann(), 2, FlagOperation::remove);
  store_seen(bob(), 3, FlagOperation::add);
  store_seen(bob(), 4, FlagOperation::remove);
  EXPECT_THAT(unseen(ann()), ElementsAre(2, 3, 5));
  EXPECT_THAT(unseen(bob()), ElementsAre(1, 4, 5));
  EXPECT_EQ(set("maybe").error().kind, ErrorKind::bad_argument);
  const ModSeq before = std::max(highest(ann()), highest(bob()));
  ASSERT_TRUE(set("true"));
  for (int round = 0; round < 2; ++round) {
    EXPECT_THAT(unseen(ann()), ElementsAre(2, 3, 5));
    EXPECT_THAT(unseen(bob()), ElementsAre(2, 3, 5));
    // Everything that somebody saw otherwise is told, to all.
    EXPECT_THAT(changed(bob(), before), ElementsAre(1, 2, 3, 4));
    EXPECT_GT(highest(bob()), before);
    restart();
  }
  store_seen(bob(), 5, FlagOperation::add);
  EXPECT_THAT(unseen(ann()), ElementsAre(2, 3));
  // A new mailbox below has it too.
  MailboxId below;
  ASSERT_TRUE(as(ann(), {}, [&](Change& c) -> Status {
    auto made = c.create_mailbox({.name = "INBOX/Sub"});
    if (made) below = *made;
    return made ? Status() : pass(made);
  }));
  const AnnotationValue inherited =
      ann_->published()->annotations->find({below, {}, std::string(kSharedSeenEntry)});
  ASSERT_TRUE(inherited);
  EXPECT_EQ(*inherited, "true");
  // All start from where they were together.
  const ModSeq shared = highest(bob());
  ASSERT_TRUE(set(std::nullopt));
  EXPECT_THAT(unseen(bob()), ElementsAre(2, 3));
  EXPECT_THAT(changed(bob(), shared), IsEmpty());
  store_seen(bob(), 2, FlagOperation::add);
  EXPECT_THAT(unseen(ann()), ElementsAre(2, 3));
  EXPECT_THAT(unseen(bob()), ElementsAre(3));
}

TEST_F(SharingTest, GrantsAreKeptInheritedAndDropped) {
  share(inbox_);
  Grant group{.to = Grant::To::group,
              .sign = Grant::Sign::takes_away,
              .group = "sales",
              .rights = {Right::read}};
  ASSERT_TRUE(as(ann(), {}, [&](Change& c) { return c.set_grant({inbox_, "-$sales"}, group); }));
  ASSERT_TRUE(as(ann(), {}, [&](Change& c) -> Status {
    auto made = c.create_mailbox({.name = "INBOX/Sub"});
    return made ? Status() : pass(made);
  }));
  for (int round = 0; round < 2; ++round) {
    const StatePtr state = ann_->published();
    const MailboxId sub = state->find("INBOX/Sub")->id;
    for (const MailboxId id : {inbox_, sub}) {
      ASSERT_EQ(state->grants->keys_of(id).size(), 2U);
      EXPECT_EQ(state->grants->find({id, "bob@example.org"})->account, bob_);
      EXPECT_EQ(*state->grants->find({id, "-$sales"}), group);
    }
    restart();
  }
  const MailboxId sub = ann_->published()->find("INBOX/Sub")->id;
  ASSERT_TRUE(as(ann(), {sub}, [](Change& c) { return c.delete_mailbox("INBOX/Sub"); }));
  ASSERT_TRUE(
      as(ann(), {}, [&](Change& c) { return c.set_grant({inbox_, "-$sales"}, std::nullopt); }));
  restart();
  EXPECT_EQ(ann_->published()->grants->all().size(), 1U);
  EXPECT_EQ(as(ann(), {}, [&](Change& c) { return c.set_grant({MailboxId(999), "x"}, group); })
                .error()
                .kind,
            ErrorKind::not_found);
}

TEST_F(SharingTest, EverybodyStartsFromWhatWasSeenAndGoesOnAlone) {
  add(ann(), kSeen);
  add(ann());
  share(inbox_);
  EXPECT_THAT(unseen(bob()), ElementsAre(2));
  const ModSeq before = highest(bob());
  store_seen(ann(), 2, FlagOperation::add);
  EXPECT_THAT(unseen(ann()), IsEmpty());
  EXPECT_THAT(unseen(bob()), ElementsAre(2));
  EXPECT_EQ(highest(bob()), before);  // What Ann reads is no change for Bob.
  EXPECT_THAT(changed(bob(), before), IsEmpty());
  store_seen(bob(), 1, FlagOperation::remove);
  EXPECT_THAT(changed(bob(), before), ElementsAre(1));
  EXPECT_GT(highest(bob()), before);
  restart();
  EXPECT_THAT(unseen(ann()), IsEmpty());
  EXPECT_THAT(unseen(bob()), ElementsAre(1, 2));
  EXPECT_THAT(changed(bob(), before), ElementsAre(1));
}

TEST_F(SharingTest, NewMailIsSeenByWhoBringsIt) {
  share(inbox_);
  add(ann(), kSeen);
  add(bob(), kSeen);
  add(Actor::delivery(), kSeen);
  EXPECT_THAT(unseen(ann()), ElementsAre(2));
  EXPECT_THAT(unseen(bob()), ElementsAre(1));
  restart();
  EXPECT_THAT(unseen(ann()), ElementsAre(2));
  EXPECT_THAT(unseen(bob()), ElementsAre(1));
}

TEST_F(SharingTest, MoveKeepsWhatEverybodyHasSeen) {
  ASSERT_TRUE(as(ann(), {}, [](Change& c) -> Status {
    auto made = c.create_mailbox({.name = "Box"});
    return made ? Status() : pass(made);
  }));
  const MailboxId box = ann_->published()->find("Box")->id;
  for (int i = 0; i < 4; ++i) add(Actor::delivery());
  share(inbox_);
  share(box);
  store_seen(ann(), 1, FlagOperation::add);
  store_seen(bob(), 1, FlagOperation::add);
  store_seen(bob(), 2, FlagOperation::add);
  ASSERT_TRUE(as(bob(), {inbox_}, [&](Change& c) -> Status {
    auto moved = c.move(inbox_, numbers({1, 2, 3}), box);
    return moved ? Status() : pass(moved);
  }));
  EXPECT_THAT(unseen(ann(), box), ElementsAre(2, 3));
  EXPECT_THAT(unseen(bob(), box), ElementsAre(3));
  EXPECT_THAT(unseen(ann()), ElementsAre(4));
  EXPECT_THAT(unseen(bob()), ElementsAre(4));
  // A copy is seen as the one who copies has seen it, for that one alone.
  ASSERT_TRUE(as(ann(), {box}, [&](Change& c) -> Status {
    auto copied = c.copy(box, numbers({1, 2}), inbox_);
    return copied ? Status() : pass(copied);
  }));
  EXPECT_THAT(unseen(ann()), ElementsAre(4, 6));
  EXPECT_THAT(unseen(bob()), ElementsAre(4, 5, 6));
}

TEST_F(SharingTest, StoreRespectsTheMask) {
  add(ann());
  share(inbox_);
  const FlagMask mask{.system = kSeen, .keywords = false};
  constexpr SystemFlags kFlagged = bit(SystemFlag::flagged);
  for (const Actor& who : {ann(), bob()}) {
    ASSERT_TRUE(as(who, {inbox_}, [&](Change& c) -> Status {
      auto stored = c.store_flags(inbox_, numbers({1}), FlagOperation::add, {kFlagged, {"work"}},
                                  std::nullopt);
      return stored ? Status() : pass(stored);
    }));
    ASSERT_TRUE(as(who, {inbox_}, [&](Change& c) -> Status {
      auto stored = c.store_flags(inbox_, numbers({1}), FlagOperation::replace, {kSeen, {}},
                                  std::nullopt, ModSeq(UINT64_MAX), mask);
      return stored ? Status() : pass(stored);
    }));
    const MailboxPtr mailbox = now(inbox_);
    const FlagState flags = FlagsView(*mailbox, who, ann_->id()).at(0);
    EXPECT_EQ(flags.system, kSeen | kFlagged);
    EXPECT_THAT(mailbox->keywords->names_of(flags.keywords), ElementsAre("work"));
  }
}

/// Compares with a plain model: a set of seen UIDs for each of three people.
TEST_F(SharingTest, AgreesWithAModel) {
  share(inbox_);
  const std::vector<Actor> people = {ann(), bob(), Actor::user(AccountId{{7}})};
  std::vector<std::set<std::uint32_t>> seen(people.size());
  std::set<std::uint32_t> there;
  std::minstd_rand random(4711);
  std::uint32_t next = 1;
  for (int step = 0; step < 150; ++step) {
    const std::size_t who = random() % people.size();
    if (const auto what = random() % 10; what < 3 || there.empty()) {
      const bool as_seen = random() % 2 == 0;
      add(people[who], as_seen ? kSeen : 0);
      if (as_seen) seen[who].insert(next);
      there.insert(next++);
    } else if (what == 3) {
      auto it = there.begin();
      std::advance(it, random() % there.size());
      const std::uint32_t uid = *it;
      ASSERT_TRUE(as(people[who], {inbox_}, [&](Change& c) -> Status {
        auto gone = c.expunge(inbox_, numbers({uid}));
        return gone ? Status() : pass(gone);
      }));
      there.erase(uid);
      for (auto& set : seen) set.erase(uid);
    } else {
      auto it = there.begin();
      std::advance(it, random() % there.size());
      const bool to_seen = random() % 3 != 0;
      store_seen(people[who], *it, to_seen ? FlagOperation::add : FlagOperation::remove);
      if (to_seen) {
        seen[who].insert(*it);
      } else {
        seen[who].erase(*it);
      }
    }
    if (step % 50 == 49) restart();
    for (std::size_t i = 0; i < people.size(); ++i) {
      std::vector<std::uint32_t> expected;
      for (const std::uint32_t uid : there)
        if (!seen[i].contains(uid)) expected.push_back(uid);
      ASSERT_EQ(unseen(people[i]), expected) << "step " << step << " person " << i;
    }
  }
}

TEST_F(SharingTest, WhatDoesNotFitIntoARowIsInAPage) {
  // Every second of very many: the record is too long for a row.
  ReaderFlags seen;
  NumberSet odd;
  for (std::uint32_t uid = 1; uid < 120'000; uid += 2) odd.add(uid);
  seen.change({.to_seen = odd}, ModSeq(5));
  EXPECT_EQ(seen.seen.count(), 60'000U);
  EXPECT_EQ(seen.modseq_of(Uid(3)), ModSeq(5));
  EXPECT_EQ(seen.modseq_of(Uid(4)), ModSeq(0));
  EXPECT_EQ(seen.count_unseen(100'000), 40'000U);
}

TEST_F(SharingTest, SharesAreListed) {
  const auto sharers = [&](std::string grantee) {
    auto found = run(store_->sharers(std::move(grantee)));
    EXPECT_TRUE(found);
    return **found;
  };
  EXPECT_THAT(sharers("ubob"), IsEmpty());
  ASSERT_TRUE(run(store_->note_share("ubob", ann_->id())));
  ASSERT_TRUE(run(store_->note_share("ubob", ann_->id())));
  EXPECT_THAT(sharers("ubob"), ElementsAre(ann_->id()));
  EXPECT_THAT(sharers("ubo"), IsEmpty());
  restart();
  EXPECT_THAT(sharers("ubob"), ElementsAre(ann_->id()));
  ASSERT_TRUE(run(store_->forget_share("ubob", ann_->id())));
  EXPECT_THAT(sharers("ubob"), IsEmpty());
}

}  // namespace
}  // namespace posthorn::store
