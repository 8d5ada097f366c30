#include "relay/progress.h"

#include <gtest/gtest.h>

#include "relay/cancel.h"

namespace posthorn::relay {
namespace {

using client::SmtpOutcome;
using Fate = SmtpOutcome::Fate;
using message::ReportAction;
using store::Notify;
using store::RecipientState;

constexpr std::int64_t kStart = 1'000'000;
constexpr RetryPolicy kPolicy{.first = 60, .longest = 3600, .warn_after = 14'400};

store::OutboxEntry entry(std::size_t recipients) {
  store::OutboxEntry out;
  out.return_path = "ann@example.org";
  out.submitted = kStart;
  out.expires = kStart + 5 * 86'400;
  for (std::size_t i = 0; i < recipients; ++i) {
    store::OutboxRecipient recipient;
    recipient.address = fmt::format("r{}@example.net", i);
    out.recipients.push_back(recipient);
  }
  return out;
}

Tried tried(std::size_t recipient, Fate fate, std::uint16_t code,
            wire::smtp::EnhancedStatus status) {
  return {.recipient = recipient,
          .fate = fate,
          .reply = wire::smtp::reply(code, status, "text"),
          .remote_mta = "relay.example.net"};
}
Tried accepted(std::size_t recipient = 0) {
  return tried(recipient, Fate::accepted, 250, {2, 0, 0});
}
Tried refused(std::size_t recipient = 0) { return tried(recipient, Fate::refused, 550, {5, 1, 1}); }
Tried put_off(std::size_t recipient = 0) { return tried(recipient, Fate::retry, 450, {4, 2, 0}); }

std::vector<message::ReportedRecipient> note(store::OutboxEntry& e, std::vector<Tried> tried,
                                             double jitter = 0.5) {
  return note_tried(e, tried, kPolicy, {kStart, jitter});
}

TEST(Progress, NotesEachRecipientsFate) {
  store::OutboxEntry e = entry(4);
  const auto reports = note(e, {accepted(0), refused(1), put_off(2)});
  EXPECT_EQ(e.recipients[0].state, RecipientState::relayed);
  EXPECT_EQ(e.recipients[1].state, RecipientState::failed);
  EXPECT_EQ(e.recipients[1].last_status, "550 5.1.1 text");
  EXPECT_EQ(e.recipients[2].state, RecipientState::waiting);
  EXPECT_EQ(e.recipients[2].attempts, 1U);
  EXPECT_EQ(e.recipients[2].next_attempt, kStart + 60);
  EXPECT_EQ(e.recipients[3], entry(4).recipients[3]);
  ASSERT_EQ(reports.size(), 1U);
  EXPECT_EQ(reports[0].address, "r1@example.net");
  EXPECT_EQ(reports[0].action, ReportAction::failed);
  EXPECT_EQ(reports[0].status, "5.1.1");
  EXPECT_EQ(reports[0].reason, "550 5.1.1 text");
  EXPECT_EQ(reports[0].remote_mta, "relay.example.net");
}

TEST(Progress, WaitsLongerEachTimeUpToABound) {
  store::OutboxEntry e = entry(1);
  std::vector<std::int64_t> waits;
  for (int i = 0; i < 9; ++i) {
    note(e, {put_off()});
    waits.push_back(e.recipients[0].next_attempt - kStart);
  }
  EXPECT_EQ(waits, (std::vector<std::int64_t>{60, 120, 240, 480, 960, 1920, 3600, 3600, 3600}));
  e.recipients[0].attempts = UINT32_MAX - 1;
  note(e, {put_off()});
  EXPECT_EQ(e.recipients[0].next_attempt - kStart, 3600);
}

TEST(Progress, SpreadsAttemptsOut) {
  store::OutboxEntry early = entry(1);
  store::OutboxEntry late = entry(1);
  note(early, {put_off()}, 0);
  note(late, {put_off()}, 1);
  EXPECT_EQ(early.recipients[0].next_attempt, kStart + 45);
  EXPECT_EQ(late.recipients[0].next_attempt, kStart + 75);
}

TEST(Progress, ReportsWhatTheSenderAskedFor) {
  struct Case {
    store::NotifySet notify;
    bool failure;
    bool delay;
    bool success;
  };
  for (const Case& c : std::vector<Case>{{0, true, true, false},
                                         {store::bit(Notify::never), false, false, false},
                                         {store::bit(Notify::failure), true, false, false},
                                         {store::bit(Notify::delay), false, true, false},
                                         {store::bit(Notify::success), false, false, true}}) {
    store::OutboxEntry e = entry(1);
    e.recipients[0].notify = c.notify;
    store::OutboxEntry copy = e;
    EXPECT_EQ(note(copy, {refused()}).size(), c.failure);
    copy = e;
    EXPECT_EQ(note_time(copy, kPolicy, kStart + kPolicy.warn_after).size(), c.delay);
    EXPECT_EQ(copy.recipients[0].delay_told, c.delay);
    copy = e;
    EXPECT_EQ(note_time(copy, kPolicy, e.expires).size(), c.failure);
    EXPECT_TRUE(copy.is_settled());
    copy = e;
    EXPECT_EQ(note(copy, {accepted()}).size(), c.success);
  }
}

// RFC 3461 §5.2.2: the server that accepted the duty makes the report.
TEST(Progress, TellsSuccessOnlyWhereNobodyElseWill) {
  store::OutboxEntry e = entry(3);
  for (auto& recipient : e.recipients) recipient.notify = store::bit(Notify::success);
  Tried passed_on = accepted(0);
  passed_on.reports_itself = true;
  Tried here = accepted(1);
  here.is_local = true;
  const auto reports = note(e, {passed_on, here, accepted(2)});
  ASSERT_EQ(reports.size(), 2U);
  EXPECT_EQ(reports[0].action, ReportAction::delivered);
  EXPECT_EQ(reports[1].action, ReportAction::relayed);
  EXPECT_EQ(e.recipients[0].state, RecipientState::relayed);
  EXPECT_EQ(e.recipients[1].state, RecipientState::delivered);
}

TEST(Progress, CancelledStaysCancelledUnlessItWasSent) {
  store::OutboxEntry e = entry(3);
  for (auto& recipient : e.recipients) recipient.state = RecipientState::cancelled;
  EXPECT_TRUE(note(e, {refused(0), put_off(1), accepted(2)}).empty());
  EXPECT_EQ(e.recipients[0].state, RecipientState::cancelled);
  EXPECT_EQ(e.recipients[1].state, RecipientState::cancelled);
  EXPECT_EQ(e.recipients[2].state, RecipientState::relayed);
  // An index that is invalid because the entry was changed.
  EXPECT_TRUE(note(e, {refused(7)}).empty());
}

TEST(Progress, ADelayIsToldOnce) {
  store::OutboxEntry e = entry(2);
  note(e, {put_off(0), accepted(1)});
  EXPECT_TRUE(note_time(e, kPolicy, kStart + kPolicy.warn_after - 1).empty());
  const auto reports = note_time(e, kPolicy, kStart + kPolicy.warn_after);
  ASSERT_EQ(reports.size(), 1U);
  EXPECT_EQ(reports[0].action, ReportAction::delayed);
  EXPECT_EQ(reports[0].reason, "450 4.2.0 text");
  EXPECT_EQ(reports[0].retried_until, (Timestamp{e.expires, 0}));
  EXPECT_TRUE(note_time(e, kPolicy, kStart + kPolicy.warn_after + 100).empty());
  EXPECT_FALSE(e.is_settled());
  store::OutboxEntry never = entry(1);
  EXPECT_TRUE(note_time(never, {.warn_after = 0}, never.expires - 1).empty());
}

TEST(Progress, WhatIsHeldIsNotLate) {
  store::OutboxEntry e = entry(1);
  e.hold_until = kStart + 86'400;
  EXPECT_FALSE(work_for(e, kPolicy, kStart + 20'000).attempt);
  EXPECT_FALSE(work_for(e, kPolicy, kStart + 20'000).time);
  EXPECT_EQ(work_for(e, kPolicy, kStart).next, kStart + 86'400);
  EXPECT_TRUE(work_for(e, kPolicy, kStart + 86'400).attempt);
}

TEST(Progress, KnowsWhatIsNext) {
  store::OutboxEntry e = entry(2);
  EXPECT_TRUE(work_for(e, kPolicy, kStart).attempt);
  note(e, {put_off(0), put_off(1)});
  Work work = work_for(e, kPolicy, kStart);
  EXPECT_FALSE(work.attempt || work.time);
  EXPECT_EQ(work.next, kStart + 60);
  EXPECT_TRUE(work_for(e, kPolicy, kStart + 60).attempt);
  // The warning comes before the next attempt, which comes before the expiry.
  e.recipients[0].next_attempt = e.recipients[1].next_attempt = e.expires + 10;
  EXPECT_EQ(work_for(e, kPolicy, kStart).next, kStart + kPolicy.warn_after);
  note_time(e, kPolicy, kStart + kPolicy.warn_after);
  work = work_for(e, kPolicy, kStart + kPolicy.warn_after);
  EXPECT_FALSE(work.time);
  EXPECT_EQ(work.next, e.expires);
  EXPECT_TRUE(work_for(e, kPolicy, e.expires).time);
  note_time(e, kPolicy, e.expires);
  work = work_for(e, kPolicy, e.expires);
  EXPECT_FALSE(work.time || work.attempt);
}

TEST(Progress, IsCancelled) {
  store::OutboxEntry e = entry(3);
  note(e, {accepted(0)});
  const std::vector<std::string> one = {"R1@example.net", "r0@example.net", "other@example.net"};
  EXPECT_EQ(cancel(e, one), 1U);
  EXPECT_EQ(e.recipients[0].state, RecipientState::relayed);
  EXPECT_EQ(e.recipients[1].state, RecipientState::cancelled);
  EXPECT_EQ(e.recipients[2].state, RecipientState::waiting);
  store::OutboxEntry told = e;
  EXPECT_EQ(cancel(e, {}), 1U);
  EXPECT_TRUE(e.is_settled());
  EXPECT_EQ(cancel_with_report(told, kStart), 1U);
  EXPECT_TRUE(work_for(told, kPolicy, kStart).time);
  const auto reports = note_time(told, kPolicy, kStart);
  ASSERT_EQ(reports.size(), 1U);
  EXPECT_EQ(reports[0].status, "5.7.0");
  EXPECT_EQ(reports[0].reason, kCancelled);
}

TEST(Progress, IsMadeDue) {
  store::OutboxEntry e = entry(2);
  e.hold_until = kStart + 100;
  note(e, {put_off(0), accepted(1)});
  EXPECT_TRUE(make_due(e, kStart));
  EXPECT_TRUE(work_for(e, kPolicy, kStart).attempt);
  note(e, {accepted(0)});
  EXPECT_FALSE(make_due(e, kStart));
}

TEST(Progress, NobodyIsToldAboutReports) {
  store::OutboxEntry e = entry(1);
  EXPECT_TRUE(may_report(e));
  e.return_path.clear();
  EXPECT_FALSE(may_report(e));
}

}  // namespace
}  // namespace posthorn::relay
