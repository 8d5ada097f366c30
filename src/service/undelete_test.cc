#include "service/undelete.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "service/mailboxes.h"
#include "service/maildrop/maildrop.h"
#include "service/messages.h"
#include "store/store_fixture.h"

namespace posthorn::service {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Not;

class UndeleteTest : public store::StoreFixture {
 protected:
  UndeleteTest() : ann_(make_account("ann@example.org")) {}
  ~UndeleteTest() override { ann_.reset(); }

  [[nodiscard]] Caller ann() const { return Caller::owner(ann_); }
  MailboxRef box(const std::string& name) const {
    auto found = resolve(ann(), name);
    EXPECT_TRUE(found) << name;
    return *found;
  }

  Uid append(const std::string& mailbox, const std::string& subject, FlagList flags = {}) {
    const store::NewEmail email =
        upload(ann_, "Message-ID: <" + subject + "@x>\r\nSubject: " + subject + "\r\n\r\nText\r\n");
    auto done = run(service::append(box(mailbox), {{email, std::move(flags), Timestamp{77, 60}}},
                                    clock_.now()));
    EXPECT_TRUE(done);
    return Uid(done->uids.max());
  }
  void expunge(const std::string& mailbox, Uid uid) {
    NumberSet uids;
    uids.add(uid.value);
    FlagsToStore what;
    what.mailbox = box(mailbox);
    what.uids = uids;
    what.flags.system = bit(SystemFlag::deleted);
    ASSERT_TRUE(run(store_flags(std::move(what))));
    ASSERT_TRUE(run(expunge_deleted(box(mailbox), std::nullopt)));
  }
  void move(const std::string& from, Uid uid, const std::string& to) {
    NumberSet uids;
    uids.add(uid.value);
    ASSERT_TRUE(run(transfer({box(from), uids, box(to), TransferMode::move})));
  }

  static UndeleteQuery dry() {
    UndeleteQuery query;
    query.dry_run = true;
    return query;
  }
  Undeleted undelete_all(UndeleteQuery query = {}) {
    auto done = run(undelete(Caller::administrator(ann_), std::move(query)));
    EXPECT_TRUE(done) << (done ? "" : done.error().text);
    return done ? *done : Undeleted{};
  }
  /// "mailbox:count" for each mailbox that got messages, with a "+" if it was created.
  static std::vector<std::string> said(const Undeleted& done) {
    std::vector<std::string> out;
    for (const auto& place : done.places)
      out.push_back(place.mailbox + ":" + std::to_string(place.messages) +
                    (place.created ? "+" : ""));
    return out;
  }
  store::MailboxPtr loaded(const std::string& name) {
    auto now = run(newest(box(name)));
    EXPECT_TRUE(now);
    return *now;
  }

  store::AccountPtr ann_;
};

TEST_F(UndeleteTest, AnExpungedMessageComesBackAsItWas) {
  const Uid uid = append("INBOX", "one", {bit(SystemFlag::flagged), {"$Work"}});
  const Ordinal ordinal = loaded("INBOX")->contents->members().at(0).ordinal;
  expunge("INBOX", uid);
  EXPECT_THAT(said(undelete_all()), ElementsAre("INBOX:1"));
  const store::MailboxPtr inbox = loaded("INBOX");
  ASSERT_EQ(inbox->contents->count(), 1U);
  const store::Member member = inbox->contents->members().at(0);
  EXPECT_GT(member.uid, uid);
  EXPECT_EQ(member.ordinal, ordinal);
  EXPECT_EQ(member.internal_date, (Timestamp{77, 60}));
  const store::FlagState flags = inbox->contents->flags_at(0);
  EXPECT_EQ(flags.system, bit(SystemFlag::flagged));
  EXPECT_THAT(inbox->keywords->names_of(flags.keywords), ElementsAre("$Work"));
  EXPECT_EQ(inbox->head.messages, 1U);
  EXPECT_EQ(ann_->published()->counters.messages, 1U);
  // A second time there is nothing to do.
  EXPECT_THAT(said(undelete_all()), ElementsAre());
  ann_.reset();
  reopen();
  auto report = run(store_->check(true));
  ASSERT_TRUE(report);
  EXPECT_THAT(report->findings, ElementsAre());
}

TEST_F(UndeleteTest, WhatWasMovedIsNotDoubled) {
  move("INBOX", append("INBOX", "kept"), "Archive");
  move("INBOX", append("INBOX", "gone"), "Trash");
  expunge("Trash", Uid(1));
  EXPECT_THAT(said(undelete_all(dry())), ElementsAre("Trash:1"));
  EXPECT_EQ(loaded("Trash")->contents->count(), 0U);
  EXPECT_THAT(said(undelete_all()), ElementsAre("Trash:1"));
  EXPECT_EQ(loaded("INBOX")->contents->count(), 0U);
}

TEST_F(UndeleteTest, ADeletedMailboxComesBackWithItsMessages) {
  ASSERT_TRUE(run(create_mailbox(ann(), "Lists/Cpp")));
  append("Lists/Cpp", "one", {bit(SystemFlag::seen), {"$Label"}});
  append("Lists/Cpp", "two");
  ASSERT_TRUE(run(delete_mailbox(ann(), "Lists/Cpp")));
  ASSERT_TRUE(run(delete_mailbox(ann(), "Archive")));
  EXPECT_THAT(said(undelete_all()), ElementsAre("Lists/Cpp:2+"));
  const store::MailboxPtr back = loaded("Lists/Cpp");
  EXPECT_EQ(back->contents->count(), 2U);
  EXPECT_EQ(back->head.unseen, 1U);
  EXPECT_THAT(back->keywords->names_of(back->contents->flags_at(0).keywords),
              ElementsAre("$Label"));
  EXPECT_THAT(*ann_->published()->subscriptions, Contains("Lists/Cpp"));
}

TEST_F(UndeleteTest, SubscriptionsAreAsTheyWere) {
  ASSERT_TRUE(run(create_mailbox(ann(), "One")));
  ASSERT_TRUE(run(create_mailbox(ann(), "Two")));
  append("One", "one");
  append("Two", "two");
  ASSERT_TRUE(run(unsubscribe(ann(), "Two")));
  ASSERT_TRUE(run(delete_mailbox(ann(), "One")));
  ASSERT_TRUE(run(delete_mailbox(ann(), "Two")));
  EXPECT_THAT(said(undelete_all()), ElementsAre("One:1+", "Two:1+"));
  EXPECT_THAT(*ann_->published()->subscriptions, Contains("One"));
  EXPECT_THAT(*ann_->published()->subscriptions, Not(Contains("Two")));
}

TEST_F(UndeleteTest, AnEmptyMailboxComesBackIfItIsNamed) {
  ASSERT_TRUE(run(delete_mailbox(ann(), "Archive")));
  EXPECT_THAT(said(undelete_all()), ElementsAre());
  UndeleteQuery query = dry();
  query.mailbox = "Archive";
  EXPECT_THAT(said(undelete_all(query)), ElementsAre("Archive:0+"));
  query.dry_run = false;
  EXPECT_THAT(said(undelete_all(query)), ElementsAre("Archive:0+"));
  EXPECT_EQ(loaded("Archive")->special_use, bit(store::SpecialUse::archive));
  EXPECT_THAT(*ann_->published()->subscriptions, Contains("Archive"));
  EXPECT_THAT(said(undelete_all(query)), ElementsAre());
}

TEST_F(UndeleteTest, WhatAnyProtocolDeletedComesBack) {
  append("INBOX", "popped");
  auto drop = run(Maildrop::open(ann(), {}));
  ASSERT_TRUE(drop);
  (*drop)->mark_deleted(1);
  ASSERT_TRUE(run((*drop)->update(Maildrop::Deleted::expunge, Maildrop::Seen::leave)));
  append("Archive", "by the operator");
  ASSERT_TRUE(run(delete_mailbox(Caller::administrator(ann_), "Archive")));
  EXPECT_EQ(loaded("INBOX")->contents->count(), 0U);
  EXPECT_THAT(said(undelete_all()), ElementsAre("Archive:1+", "INBOX:1"));
}

TEST_F(UndeleteTest, ASpecialUseComesBackUnlessItIsTaken) {
  append("Archive", "one");
  append("Trash", "two");
  ASSERT_TRUE(run(delete_mailbox(ann(), "Archive")));
  ASSERT_TRUE(run(delete_mailbox(ann(), "Trash")));
  ASSERT_TRUE(run(create_mailbox(ann(), "Bin", bit(store::SpecialUse::trash))));
  EXPECT_THAT(said(undelete_all()), ElementsAre("Archive:1+", "Trash:1+"));
  EXPECT_EQ(loaded("Archive")->special_use, bit(store::SpecialUse::archive));
  EXPECT_EQ(loaded("Trash")->special_use, 0U);
}

TEST_F(UndeleteTest, AQueryChooses) {
  ASSERT_TRUE(run(create_mailbox(ann(), "box")));
  expunge("INBOX", append("INBOX", "a"));
  expunge("INBOX", append("INBOX", "b"));
  expunge("box", append("box", "c"));
  clock_.advance(std::chrono::hours(1));
  expunge("box", append("box", "late"));
  UndeleteQuery late = dry();
  late.since = clock_.now().seconds - 60;
  EXPECT_THAT(said(undelete_all(late)), ElementsAre("box:1"));
  UndeleteQuery from = dry();
  from.mailbox = "box";
  EXPECT_THAT(said(undelete_all(from)), ElementsAre("box:2"));
  UndeleteQuery one = dry();
  one.message_id = "b@x";
  EXPECT_THAT(said(undelete_all(one)), ElementsAre("INBOX:1"));
  one.message_id = "<none@x>";
  EXPECT_THAT(said(undelete_all(one)), ElementsAre());
  UndeleteQuery into;
  into.into = "Back/Here";
  EXPECT_THAT(said(undelete_all(into)), ElementsAre("Back/Here:4+"));
  from.mailbox = "never";
  const auto unknown = run(undelete(ann(), from));
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().kind, ErrorKind::not_found);
}

TEST_F(UndeleteTest, AFullAccountIsLeftAlone) {
  expunge("INBOX", append("INBOX", "a"));
  ASSERT_TRUE(change(ann_, {}, [](store::Change& c) -> Status {
    c.set_quota({.max_bytes = 10});
    return {};
  }));
  auto done = run(undelete(ann(), {}));
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, ErrorKind::over_quota);
  EXPECT_EQ(loaded("INBOX")->contents->count(), 0U);
}

TEST_F(UndeleteTest, WhatExpiredIsLost) {
  expunge("INBOX", append("INBOX", "a"));
  clock_.advance(std::chrono::days(400));
  append("INBOX", "new");
  ASSERT_TRUE(run(store_->sweep()));
  const Undeleted done = undelete_all();
  EXPECT_THAT(said(done), ElementsAre());
  EXPECT_EQ(loaded("INBOX")->contents->count(), 1U);
}

TEST_F(UndeleteTest, WhatCameBackSurvivesTheSweep) {
  expunge("INBOX", append("INBOX", "a"));
  clock_.advance(std::chrono::days(20));
  EXPECT_THAT(said(undelete_all()), ElementsAre("INBOX:1"));
  clock_.advance(std::chrono::days(400));
  append("INBOX", "b");
  ASSERT_TRUE(run(store_->sweep()));
  ann_.reset();
  reopen();
  auto report = run(store_->check(true));
  ASSERT_TRUE(report);
  EXPECT_THAT(report->findings, ElementsAre());
}

}  // namespace
}  // namespace posthorn::service
