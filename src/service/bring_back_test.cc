#include "service/bring_back.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "service/list.h"
#include "service/mailbox_group.h"
#include "service/mailboxes.h"
#include "service/sharing/find.h"
#include "service/vanished.h"
#include "store/removed/removed_mailbox.h"
#include "store/store_fixture.h"

namespace posthorn::service {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr const char* kGone = "Recently deleted";

class BringBackTest : public store::StoreFixture {
 protected:
  BringBackTest() : ann_(make_account("ann@example.org")), ben_(make_account("ben@example.org")) {
    store::show_removed_mailboxes(*store_, kGone);
  }
  ~BringBackTest() override {
    ann_.reset();
    ben_.reset();
  }

  [[nodiscard]] Caller ann() const { return Caller::owner(ann_); }
  [[nodiscard]] MailboxRef box(const std::string& name) const {
    auto found = resolve(ann(), name);
    EXPECT_TRUE(found) << name;
    return *found;
  }
  /// Appends messages to INBOX with these flags, and removes them.
  void lose(int messages = 1, const FlagList& flags = {}) {
    const store::NewEmail email = upload(ann_, message("lost"));
    const MailboxId inbox = box("INBOX").id;
    NumberSet uids;
    for (int i = 0; i < messages; ++i) {
      auto done =
          run(service::append(box("INBOX"), {{email, flags, Timestamp{77, 60}}}, clock_.now()));
      ASSERT_TRUE(done);
      uids = uids.unite(done->uids);
    }
    ASSERT_TRUE(change(ann_, {inbox}, [&](store::Change& c) -> Status {
      auto gone = c.expunge(inbox, uids);
      return gone ? Status() : pass(gone);
    }));
  }
  Result<Transferred> bring(const NumberSet& uids, const MailboxRef& target,
                            TransferMode mode = TransferMode::copy) {
    return run(transfer({box(kGone), uids, target, mode}));
  }
  static NumberSet uids(std::uint32_t first, std::uint32_t last) {
    return NumberSet::from_ranges({{first, last}});
  }
  store::MailboxPtr loaded(const std::string& name) {
    auto now = run(newest(box(name)));
    EXPECT_TRUE(now) << (now ? "" : now.error().text);
    return *now;
  }
  static ErrorKind kind_of(const Status& status) {
    return status ? ErrorKind::server_bug : status.error().kind;
  }

  store::AccountPtr ann_;
  store::AccountPtr ben_;
};

TEST_F(BringBackTest, CopyingAndMovingPutBackTheMessageItself) {
  lose(4, {bit(SystemFlag::flagged), {"$Work"}});
  const Ordinal ordinal = loaded(kGone)->contents->members().at(1).ordinal;
  const auto copied = bring(uids(2, 3), box("Archive"));
  ASSERT_TRUE(copied);
  EXPECT_TRUE(copied->changed);
  ASSERT_EQ(copied->pairs.size(), 2U);
  EXPECT_EQ(copied->pairs[1].source, Uid(3));
  EXPECT_EQ(copied->pairs[1].target, Uid(2));
  const store::MailboxPtr archive = loaded("Archive");
  EXPECT_EQ(copied->uid_validity, archive->head.uid_validity);
  EXPECT_EQ(archive->contents->members().at(0).ordinal, ordinal);
  EXPECT_EQ(archive->contents->members().at(0).internal_date, (Timestamp{77, 60}));
  const store::FlagState flags = archive->contents->flags_at(0);
  EXPECT_EQ(flags.system, bit(SystemFlag::flagged));
  EXPECT_THAT(archive->keywords->names_of(flags.keywords), ElementsAre("$Work"));
  EXPECT_EQ(loaded(kGone)->head.messages, 2U);
  ASSERT_TRUE(bring(uids(1, 1), box("INBOX"), TransferMode::move));
  EXPECT_EQ(loaded(kGone)->head.messages, 1U);
  // What is there already is not brought back again.
  const auto again = bring(uids(1, 3), box("INBOX"));
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->pairs.empty());
  ann_.reset();
  ben_.reset();
  reopen();
  auto report = run(store_->check(true));
  ASSERT_TRUE(report);
  EXPECT_THAT(report->findings, IsEmpty());
}

TEST_F(BringBackTest, CountsAgainstTheQuota) {
  lose(2);
  ASSERT_TRUE(change(ann_, {}, [](store::Change& c) -> Status {
    c.set_quota({.max_messages = 1});
    return {};
  }));
  const auto refused = bring(uids(1, 2), box("INBOX"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::over_quota);
  EXPECT_EQ(loaded(kGone)->head.messages, 2U);
}

TEST_F(BringBackTest, IntoMailboxesOfOthersMessagesAreCopied) {
  lose();
  const MailboxRef inbox{ben_, ben_->published()->find("INBOX")->id, store::Actor::user(ann_->id()),
                         Rights::all()};
  const auto refused = bring(uids(1, 1), inbox, TransferMode::move);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::no_permission);
  ASSERT_TRUE(bring(uids(1, 1), inbox));
  EXPECT_EQ(inbox.published()->head.messages, 1U);
  EXPECT_EQ(loaded(kGone)->head.messages, 1U);
}

TEST_F(BringBackTest, OnlyTheOwnerSeesIt) {
  lose();
  EXPECT_TRUE(resolve(ann(), kGone));
  EXPECT_FALSE(resolve(Caller::administrator(ann_), kGone));
  Caller ben = Caller::owner(ben_);
  EXPECT_FALSE(resolve({ann_, ben.actor}, kGone));
  // That name is one of Ben's own, and tells nothing of Ann.
  auto found = run(find_mailbox(ben, std::string("Other Users/ann@example.org/") + kGone, {}));
  EXPECT_FALSE(found);
  store::show_removed_mailboxes(*store_, "");
  EXPECT_FALSE(resolve(ann(), kGone));
}

TEST_F(BringBackTest, NothingElseCanBeDoneWithIt) {
  lose();
  const MailboxRef gone = box(kGone);
  EXPECT_EQ(rights_now(ann(), gone), kRemovedRights);
  EXPECT_EQ(kind_of(require(gone, Right::insert)), ErrorKind::no_permission);
  EXPECT_EQ(run(create_mailbox(ann(), kGone)).error().kind, ErrorKind::already_exists);
  EXPECT_EQ(run(create_mailbox(ann(), std::string(kGone) + "/x")).error().kind,
            ErrorKind::bad_argument);
  EXPECT_TRUE(run(create_mailbox(ann(), std::string(kGone) + "x")));
  EXPECT_EQ(kind_of(run(rename_mailbox(ann(), "Archive", kGone))), ErrorKind::already_exists);
  EXPECT_EQ(kind_of(run(rename_mailbox(ann(), kGone, "x"))), ErrorKind::bad_argument);
  EXPECT_EQ(kind_of(run(delete_mailbox(ann(), kGone))), ErrorKind::no_permission);
  EXPECT_FALSE(run(expunge_deleted(gone, std::nullopt)));
  FlagsToStore what;
  what.mailbox = gone;
  what.uids = uids(1, 1);
  what.flags.system = bit(SystemFlag::seen);
  EXPECT_FALSE(run(store_flags(what)));
  EXPECT_EQ(loaded(kGone)->head.unseen, 1U);
}

TEST_F(BringBackTest, IsListedAndSearchedWhereItIsNamed) {
  ListQuery query;
  query.matches = [](std::string_view name) { return name.starts_with("Rec"); };
  query.removed = removed_mailbox(ann());
  const auto entries = list_mailboxes(*ann_->published(), query);
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0].kind, ListEntry::Kind::removed);
  EXPECT_NE(entries[0].mailbox, nullptr);
  query.special_use = UINT8_MAX;
  EXPECT_THAT(list_mailboxes(*ann_->published(), query), IsEmpty());
  MailboxGroup group{MailboxGroup::Kind::mailboxes, NameSet({kGone})};
  EXPECT_EQ(mailboxes_of(ann(), {group}).size(), 1U);
  group.kind = MailboxGroup::Kind::personal;
  for (const GroupMember& member : mailboxes_of(ann(), {group})) EXPECT_NE(member.name, kGone);
}

TEST_F(BringBackTest, AClientThatResynchronisesIsToldWhatIsGone) {
  lose(3);
  const store::MailboxPtr before = loaded(kGone);
  ASSERT_TRUE(bring(uids(2, 2), box("INBOX")));
  VanishedQuery query;
  query.since = before->head.highest_modseq;
  query.known = uids(1, 3);
  const auto gone = run(vanished_since(box(kGone), loaded(kGone), query));
  ASSERT_TRUE(gone);
  EXPECT_EQ(*gone, uids(2, 2));
}

}  // namespace
}  // namespace posthorn::service
