#include "service/sending/submit.h"

#include <gmock/gmock.h>

#include "engine/faulty/faulty_engine.h"
#include "service/messages.h"
#include "service/sending/sender.h"
#include "store/store_fixture.h"

namespace posthorn::service {
namespace {

class SubmitTest : public store::StoreFixture {
 protected:
  SubmitTest() {
    auto faulty = std::make_unique<engine::FaultyEngine>(std::move(engine_));
    control_ = faulty.get();
    shut();
    engine_ = std::move(faulty);
    reopen();
    ann_ = make_account("ann@example.org");
  }
  ~SubmitTest() override { ann_.reset(); }

  static std::string letter(const std::string& id, const std::string& body,
                            const std::string& extra = "") {
    return "From: ann@example.org\r\n" + extra + "Message-ID: <" + id +
           "@example.org>\r\nDate: Mon, 23 Nov 2026 10:00:00 +0000\r\n\r\n" + body + "\r\n";
  }

  Result<Submitted> submit(const std::string& text) {
    Submission submission;
    submission.email = upload(ann_, text);
    submission.envelope.return_path = "ann@example.org";
    submission.envelope.recipients.resize(2);
    submission.envelope.recipients[0].address = "a@example.net";
    submission.envelope.recipients[1].address = "b@example.net";
    return run(service::submit(ann_, std::move(submission), rules_));
  }

  Appended append(const std::string& text, SystemFlags flags = 0,
                  const std::string& mailbox = "Sent") {
    std::vector<MessageToAppend> messages;
    messages.push_back({upload(ann_, text), {flags, {}}, std::nullopt});
    const auto target = resolve(Caller::owner(ann_), mailbox);
    EXPECT_TRUE(target);
    auto done =
        run(service::append(*target, std::move(messages), clock_.now(), rules_.duplicate_window));
    EXPECT_TRUE(done) << done.error().text;
    return *done;
  }

  std::uint32_t sent() { return ann_->published()->find("Sent")->head.messages; }
  SystemFlags flags_of(Uid uid) {
    const auto mailbox = *run(ann_->load(ann_->published()->find("Sent")->id));
    return mailbox->contents->flags_at(*mailbox->contents->members().position_of(uid)).system;
  }

  engine::FaultyEngine* control_ = nullptr;
  store::AccountPtr ann_;
  SendingRules rules_;
};

TEST_F(SubmitTest, OneCopyForAllRecipientsOrNothing) {
  auto done = submit(letter("1", "hello"));
  ASSERT_TRUE(done) << done.error().text;
  EXPECT_EQ(done->uid, Uid(1));
  EXPECT_EQ(sent(), 1U);
  EXPECT_EQ(ann_->published()->outbox->size(), 1U);
  EXPECT_EQ(ann_->published()->usage.day.current, (store::SentCount{1, 2}));
  control_->fail_commits(engine::CommitFault::fails);
  EXPECT_FALSE(submit(letter("2", "hello")));
  EXPECT_EQ(sent(), 1U);
  EXPECT_EQ(ann_->published()->outbox->size(), 1U);
  EXPECT_EQ(ann_->published()->usage.day.current, (store::SentCount{1, 2}));
}

TEST_F(SubmitTest, TheSentMailboxIsFoundByItsUseOrMade) {
  ASSERT_TRUE(
      change(ann_, {}, [](store::Change& c) { return c.rename_mailbox("Sent", "Gesendet"); }));
  ASSERT_TRUE(submit(letter("1", "x")));
  EXPECT_EQ(ann_->published()->find("Gesendet")->head.messages, 1U);
  const MailboxId id = ann_->published()->find("Gesendet")->id;
  ASSERT_TRUE(change(ann_, {id}, [](store::Change& c) { return c.delete_mailbox("Gesendet"); }));
  ASSERT_TRUE(submit(letter("2", "x")));
  const store::MailboxPtr made = ann_->published()->find("Sent");
  ASSERT_TRUE(made);
  EXPECT_EQ(made->special_use, bit(store::SpecialUse::sent));
  EXPECT_EQ(made->head.messages, 1U);
  EXPECT_TRUE(ann_->published()->subscriptions->contains("Sent"));
}

TEST_F(SubmitTest, AnAppendOfWhatWasSubmittedIsTheCopyThatIsThere) {
  const std::string big = [] {
    std::string text;
    for (int i = 0; i < 40'000; ++i) text += "line " + std::to_string(i * 7919) + "\r\n";
    return text;
  }();
  for (const std::string& body : {std::string("hello"), big}) {
    const std::string id = std::to_string(body.size());
    const Uid uid = submit(letter(id, body))->uid;
    const std::uint32_t before = sent();
    const Appended appended =
        append(letter(id, body, "Bcc: hidden@example.net\r\nX-Mozilla-Status: 0001\r\n"),
               bit(SystemFlag::flagged));
    EXPECT_EQ(sent(), before);
    EXPECT_EQ(appended.uids.count(), 1U);
    EXPECT_TRUE(appended.uids.contains(uid.value));
    EXPECT_EQ(flags_of(uid), bit(SystemFlag::seen) | bit(SystemFlag::flagged));
    append(letter(id, body));  // Asked again, after an OK that was lost.
    EXPECT_EQ(sent(), before);
  }
}

TEST_F(SubmitTest, AnAppendOfSomethingElseIsKept) {
  ASSERT_TRUE(submit(letter("1", "hello")));
  append(letter("1", "hullo"));
  append(letter("2", "hello"));
  append(letter("1", "hello", "To: b@example.net\r\n"));
  append(letter("1", "hello", "Content-Type: text/html\r\n"));
  EXPECT_EQ(sent(), 5U);
  append(letter("1", "hello"), 0, "Archive");
  EXPECT_EQ(ann_->published()->find("Archive")->head.messages, 1U);
  clock_.advance(std::chrono::seconds(601));
  append(letter("1", "hello"));
  EXPECT_EQ(sent(), 6U);
}

// The server adds From, Date and Message-ID if they are missing, and the client's copy has none of
// them.
TEST_F(SubmitTest, AnAppendWithoutWhatTheServerAddedIsTheCopyThatIsThere) {
  const std::string written = "To: b@example.net\r\nSubject: once\r\n\r\nhello\r\n";
  const Uid uid = submit(
                      "From: ann@example.org\r\nDate: Mon, 23 Nov 2026 10:00:00 +0000\r\n"
                      "Message-ID: <added@example.org>\r\n" +
                      written)
                      ->uid;
  EXPECT_TRUE(append(written).uids.contains(uid.value));
  EXPECT_TRUE(
      append("Date: Mon, 23 Nov 2026 10:00:00 +0000\r\n" + written).uids.contains(uid.value));
  EXPECT_EQ(sent(), 1U);
  append("Date: Mon, 23 Nov 2026 10:00:01 +0000\r\n" + written);
  EXPECT_EQ(sent(), 2U);
}

TEST_F(SubmitTest, AnAppendedCopyWithoutWhatTheServerAddsIsFound) {
  const std::string written = "To: b@example.net\r\nSubject: once\r\n\r\nhello\r\n";
  append(written);
  append("To: c@example.net\r\nSubject: once\r\n\r\nhello\r\n");
  const auto done =
      submit("Date: Mon, 23 Nov 2026 10:00:00 +0000\r\nMessage-ID: <a@example.org>\r\n" + written);
  ASSERT_TRUE(done);
  EXPECT_EQ(done->uid, Uid(1));
  EXPECT_EQ(sent(), 2U);
}

TEST_F(SubmitTest, OfSeveralThatMayBeTheCopyTheOneOfTheSameMessageIdIs) {
  const Uid first = submit(letter("1", "hello"))->uid;
  const Uid second = submit(letter("2", "hello"))->uid;
  EXPECT_TRUE(append(letter("1", "hello")).uids.contains(first.value));
  EXPECT_TRUE(append(letter("2", "hello")).uids.contains(second.value));
  EXPECT_EQ(sent(), 2U);
}

TEST_F(SubmitTest, TheEndOfTheLastLineMakesNoOther) {
  const std::string header = "From: ann@example.org\r\nSubject: once\r\n\r\n";
  std::string big;
  for (int i = 0; i < 40'000; ++i) big += "line " + std::to_string(i * 7919) + "\r\n";
  ASSERT_TRUE(submit(header + big));
  append(header + big.substr(0, big.size() - 2));
  append(header + big + "\r\n");
  EXPECT_EQ(sent(), 1U);
  append(header + big + "x");
  append(header + big.substr(0, big.size() - 3));
  append(header + big + "\r\n\r\n");
  EXPECT_EQ(sent(), 4U);
}

TEST_F(SubmitTest, ACopyThatWasMovedAwayIsFiledAgain) {
  ASSERT_TRUE(submit(letter("1", "hello")));
  const MailboxId mailbox = ann_->published()->find("Sent")->id;
  ASSERT_TRUE(change(ann_, {mailbox}, [&](store::Change& c) {
    auto gone = c.expunge(mailbox, NumberSet::from_ranges({{1, 1}}));
    return gone ? Status{} : pass(gone);
  }));
  append(letter("1", "hello"));
  EXPECT_EQ(sent(), 1U);
}

TEST_F(SubmitTest, ASubmissionOfWhatWasAppendedFilesNoSecondCopy) {
  append(letter("1", "hello", "Bcc: hidden@example.net\r\n"));
  auto done = submit(letter("1", "hello"));
  ASSERT_TRUE(done);
  EXPECT_EQ(done->uid, Uid(1));
  EXPECT_EQ(sent(), 1U);
  EXPECT_EQ(flags_of(Uid(1)), bit(SystemFlag::seen));
  EXPECT_EQ(ann_->published()->outbox->size(), 1U);
  // A second submission is a message of its own.
  ASSERT_TRUE(submit(letter("1", "hello")));
  EXPECT_EQ(sent(), 2U);
  auto report = run(store_->check(true));
  ASSERT_TRUE(report);
  EXPECT_THAT(report->findings, testing::IsEmpty());
}

TEST_F(SubmitTest, TheAccountsOwnWordCounts) {
  const auto set = [&](store::KeepSent keep) {
    return change(ann_, {}, [&](store::Change& c) -> Status {
      c.set_sending({keep, {}});
      return {};
    });
  };
  rules_.keep_sent = false;
  ASSERT_TRUE(set(store::KeepSent::always));
  ASSERT_TRUE(submit(letter("1", "x")));
  EXPECT_EQ(sent(), 1U);
  rules_.keep_sent = true;
  ASSERT_TRUE(set(store::KeepSent::never));
  ASSERT_TRUE(submit(letter("2", "x")));
  EXPECT_EQ(sent(), 1U);
  EXPECT_EQ(ann_->published()->outbox->size(), 2U);
}

TEST(CheckLimitsTest, SaysWhetherWaitingHelps) {
  store::SendingUsage usage;
  const Timestamp now{1'790'000'000, 0};
  const SendingLimits limits{.messages_per_hour = 2, .recipients_per_day = 10};
  EXPECT_TRUE(check_limits(usage, limits, 10, now));
  EXPECT_EQ(check_limits(usage, limits, 11, now).error().kind, ErrorKind::bad_argument);
  usage.day.add(store::SendingUsage::kDay, now.seconds, {1, 5});
  EXPECT_EQ(check_limits(usage, limits, 6, now).error().kind, ErrorKind::limit);
  EXPECT_TRUE(check_limits(usage, {}, 1'000'000, now));
}

TEST_F(SubmitTest, WhatWaitsWithoutACopyIsBoundedByTheQuota) {
  rules_.keep_sent = false;
  const std::string text = letter("1", std::string(1000, 'x'));
  ASSERT_TRUE(change(ann_, {}, [&](store::Change& c) -> Status {
    c.set_quota({.max_bytes = 2 * text.size()});
    return {};
  }));
  ASSERT_TRUE(submit(text));
  ASSERT_TRUE(submit(text));
  EXPECT_EQ(submit(text).error().kind, ErrorKind::limit);
  EXPECT_EQ(ann_->published()->outbox->size(), 2U);
  const store::OutboxId first = ann_->published()->outbox->begin()->first;
  ASSERT_TRUE(change(ann_, {}, [&](store::Change& c) { return c.drop_outbox(first); }));
  EXPECT_TRUE(submit(text)) << "there is room when some has been sent";
}

}  // namespace
}  // namespace posthorn::service
