#include "service/time_travel.h"

#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "service/mailboxes.h"
#include "service/messages.h"
#include "service/undelete.h"
#include "store/store_fixture.h"

namespace posthorn::service {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

class TimeTravelTest : public store::StoreFixture {
 protected:
  TimeTravelTest() : ann_(make_account("ann@example.org")) {}
  ~TimeTravelTest() override { ann_.reset(); }

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
  static NumberSet only(Uid uid) {
    NumberSet uids;
    uids.add(uid.value);
    return uids;
  }
  void set_flags(const std::string& mailbox, Uid uid, FlagList flags) {
    FlagsToStore what;
    what.mailbox = box(mailbox);
    what.uids = only(uid);
    what.operation = store::FlagOperation::replace;
    what.flags = std::move(flags);
    ASSERT_TRUE(run(store_flags(std::move(what))));
  }
  void expunge(const std::string& mailbox, Uid uid) {
    set_flags(mailbox, uid, {bit(SystemFlag::deleted), {}});
    ASSERT_TRUE(run(expunge_deleted(box(mailbox), std::nullopt)));
  }
  void transfer_to(const std::string& from, Uid uid, const std::string& to, TransferMode mode) {
    ASSERT_TRUE(run(transfer({box(from), only(uid), box(to), mode})));
  }
  /// Everything after this is undone by going back to the returned time.
  std::int64_t mark() {
    const std::int64_t now = clock_.now().seconds;
    clock_.advance(std::chrono::seconds(10));
    return now;
  }
  TimeTravel go(std::int64_t time, bool dry_run = false) {
    auto done = run(restore_as_of(Caller::administrator(ann_), time, dry_run));
    EXPECT_TRUE(done) << (done ? "" : done.error().text);
    return done ? *done : TimeTravel{};
  }
  static std::vector<std::string> said(const TimeTravel& done) {
    std::vector<std::string> out;
    for (const auto& place : done.places)
      out.push_back(fmt::format("{}{}{} {}/{}/{}", place.mailbox,
                                place.was.empty() ? "" : "<" + place.was, place.created ? "+" : "",
                                place.back, place.removed, place.reflagged));
    return out;
  }
  /// The account as a person sees it: "mailbox ordinal flags keywords".
  std::vector<std::string> whole() {
    std::vector<std::string> out;
    std::map<std::string, MailboxId> names(ann_->published()->names->begin(),
                                           ann_->published()->names->end());
    for (const auto& [name, id] : names) {
      auto mailbox = run(ann_->load(id));
      EXPECT_TRUE(mailbox);
      out.push_back(name);
      const store::Contents& contents = *(*mailbox)->contents;
      std::vector<std::string> messages;
      for (std::uint32_t i = 0; i < contents.count(); ++i) {
        const store::FlagState flags = contents.flags_at(i);
        messages.push_back(
            fmt::format("{} {} {} {}", name, contents.members().at(i).ordinal.value, flags.system,
                        fmt::join((*mailbox)->keywords->names_of(flags.keywords), ",")));
      }
      std::ranges::sort(messages);
      out.insert(out.end(), messages.begin(), messages.end());
    }
    return out;
  }
  void expect_sound() {
    ann_.reset();
    reopen();
    auto report = run(store_->check(true));
    ASSERT_TRUE(report);
    EXPECT_THAT(report->findings, IsEmpty());
  }

  store::AccountPtr ann_;
};

TEST_F(TimeTravelTest, FlagsMovesAndDeletionsAreUndone) {
  const Uid one = append("INBOX", "one", {bit(SystemFlag::flagged), {"$Work"}});
  const Uid two = append("INBOX", "two");
  const Uid three = append("INBOX", "three", {bit(SystemFlag::seen), {}});
  ASSERT_TRUE(run(create_mailbox(ann(), "Lists/Cpp")));
  append("Lists/Cpp", "four", {0, {"$Label"}});
  const auto before = whole();
  const std::int64_t then = mark();
  set_flags("INBOX", one, {bit(SystemFlag::seen), {"$Other"}});
  transfer_to("INBOX", two, "Archive", TransferMode::move);
  transfer_to("INBOX", one, "Archive", TransferMode::copy);
  expunge("INBOX", three);
  ASSERT_TRUE(run(delete_mailbox(ann(), "Lists/Cpp")));
  const auto ruined = whole();
  const ModSeq highest = ann_->published()->find("INBOX")->head.highest_modseq;
  const Uid next = ann_->published()->find("INBOX")->head.uid_next;
  const std::int64_t ruin = mark();
  const auto expected =
      std::vector<std::string>{"Archive 0/2/0", "INBOX 2/0/1", "Lists/Cpp+ 1/0/0"};
  EXPECT_EQ(said(go(then, true)), expected);
  EXPECT_EQ(whole(), ruined) << "a dry run changed something";
  EXPECT_EQ(said(go(then)), expected);
  EXPECT_EQ(whole(), before);
  const store::MailboxPtr inbox = ann_->published()->find("INBOX");
  EXPECT_GT(inbox->head.highest_modseq, highest);
  EXPECT_EQ(inbox->contents->members().last_uid().value, next.value + 1);
  EXPECT_THAT(*ann_->published()->subscriptions, Contains("Lists/Cpp"));
  EXPECT_THAT(said(go(then)), IsEmpty()) << "the second time";
  // It is undone in the same way. The mailbox that was created for it remains, empty.
  mark();
  go(ruin);
  auto again = whole();
  std::erase(again, "Lists/Cpp");
  EXPECT_EQ(again, ruined);
  expect_sound();
}

TEST_F(TimeTravelTest, NewMailStaysWhereItIs) {
  const Uid old = append("INBOX", "old");
  const std::int64_t then = mark();
  append("INBOX", "new");
  const Uid moved = append("INBOX", "moved");
  transfer_to("INBOX", moved, "Archive", TransferMode::move);
  expunge("INBOX", old);
  EXPECT_THAT(said(go(then)), ElementsAre("INBOX 1/0/0"));
  EXPECT_EQ(ann_->published()->find("INBOX")->head.messages, 2U);
  EXPECT_EQ(ann_->published()->find("Archive")->head.messages, 1U);
  expect_sound();
}

TEST_F(TimeTravelTest, NamesComeBack) {
  ASSERT_TRUE(run(create_mailbox(ann(), "A")));
  ASSERT_TRUE(run(create_mailbox(ann(), "A/x")));
  ASSERT_TRUE(run(create_mailbox(ann(), "B")));
  append("A/x", "one");
  append("B", "two");
  const auto before = whole();
  const std::int64_t then = mark();
  ASSERT_TRUE(run(rename_mailbox(ann(), "A", "C")));
  ASSERT_TRUE(run(rename_mailbox(ann(), "B", "A")));
  ASSERT_TRUE(run(rename_mailbox(ann(), "C/x", "B")));
  EXPECT_THAT(said(go(then)), UnorderedElementsAre("A<C 0/0/0", "A/x<B 0/0/0", "B<A 0/0/0"));
  EXPECT_EQ(whole(), before);
  EXPECT_THAT(*ann_->published()->subscriptions, Contains("A/x"));
  EXPECT_THAT(*ann_->published()->subscriptions, Not(Contains("C")));
  expect_sound();
}

TEST_F(TimeTravelTest, WhatIsInTheWayOfANameStepsAside) {
  ASSERT_TRUE(run(create_mailbox(ann(), "A")));
  append("A", "old");
  const std::int64_t then = mark();
  ASSERT_TRUE(run(rename_mailbox(ann(), "A", "B")));
  ASSERT_TRUE(run(create_mailbox(ann(), "A")));
  append("A", "new");
  EXPECT_THAT(said(go(then)), UnorderedElementsAre("A<B 0/0/0", "A (later)<A 0/0/0"));
  EXPECT_EQ(ann_->published()->find("A")->head.messages, 1U);
  EXPECT_EQ(ann_->published()->find("A (later)")->head.messages, 1U);
  EXPECT_EQ(ann_->published()->find("B"), nullptr);
}

TEST_F(TimeTravelTest, WhatUndeleteBroughtBackGoesAgain) {
  append("INBOX", "kept");
  const Uid gone = append("INBOX", "gone");
  append("INBOX", "last");
  expunge("INBOX", gone);
  const auto before = whole();
  const std::int64_t then = mark();
  ASSERT_TRUE(run(undelete(Caller::administrator(ann_), {})));
  EXPECT_EQ(ann_->published()->find("INBOX")->head.messages, 3U);
  EXPECT_THAT(said(go(then)), ElementsAre("INBOX 0/1/0"));
  EXPECT_EQ(whole(), before);
}

TEST_F(TimeTravelTest, BeyondTheHistoryIsRefused) {
  clock_.advance(std::chrono::days(10));
  const Uid uid = append("INBOX", "one");
  const std::int64_t then = mark();
  expunge("INBOX", uid);
  clock_.advance(std::chrono::days(40));
  append("INBOX", "two");
  ASSERT_TRUE(run(store_->sweep()));
  const auto refused = [&](std::int64_t time) {
    auto done = run(restore_as_of(Caller::administrator(ann_), time, false));
    EXPECT_FALSE(done);
    return done ? ErrorKind::server_bug : done.error().kind;
  };
  EXPECT_EQ(refused(then), ErrorKind::not_found);
  EXPECT_EQ(refused(then - 86400 * 20), ErrorKind::not_found) << "before the account existed";
  EXPECT_EQ(refused(clock_.now().seconds + 60), ErrorKind::bad_argument);
  // Nothing happened in the meantime, and that is known.
  EXPECT_THAT(said(go(clock_.now().seconds - 86400)), IsEmpty());
}

TEST_F(TimeTravelTest, WhatDoesNotFitChangesNothing) {
  const Uid uid = append("INBOX", "one");
  const std::int64_t then = mark();
  expunge("INBOX", uid);
  ASSERT_TRUE(change(ann_, {}, [](store::Change& c) -> Status {
    c.set_quota({.max_bytes = 10});
    return {};
  }));
  auto done = run(restore_as_of(Caller::administrator(ann_), then, false));
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, ErrorKind::over_quota);
  EXPECT_EQ(ann_->published()->find("INBOX")->head.messages, 0U);
}

}  // namespace
}  // namespace posthorn::service
