#include "relay/progress.h"

#include <fmt/core.h>

#include <algorithm>
#include <limits>

#include "relay/cancel.h"
#include "wire/smtp/reply.h"

namespace posthorn::relay {

using client::SmtpOutcome;
using message::ReportAction;
using message::ReportedRecipient;
using store::Notify;
using store::OutboxEntry;
using store::OutboxRecipient;
using store::RecipientState;

namespace {

/// RFC 3461 §4.1: without NOTIFY, failures and delays are reported.
bool wants(const OutboxRecipient& recipient, Notify what) {
  if (recipient.notify == 0) return what == Notify::failure || what == Notify::delay;
  return (recipient.notify & store::bit(what)) != 0;
}

std::string status_of(const wire::smtp::Reply& reply) {
  const auto status = reply.status.value_or(
      wire::smtp::EnhancedStatus{static_cast<std::uint16_t>(reply.code / 100), 0, 0});
  return fmt::format("{}.{}.{}", status.klass, status.subject, status.detail);
}

std::int64_t delay_after(std::uint32_t attempts, const RetryPolicy& policy, double jitter) {
  double delay = static_cast<double>(policy.first);
  for (std::uint32_t i = 1; i < attempts && delay < static_cast<double>(policy.longest); ++i)
    delay *= 2;
  delay = std::min(delay, static_cast<double>(policy.longest)) * (0.75 + jitter / 2);
  return std::max<std::int64_t>(1, static_cast<std::int64_t>(delay));
}

/// The time at which the sender is told of a delay. A held message is not delayed until its release
/// time.
std::int64_t warning_time(const OutboxEntry& entry, const RetryPolicy& policy) {
  return std::max(entry.submitted, entry.hold_until) + policy.warn_after;
}

bool wants_warning(const OutboxRecipient& recipient, const RetryPolicy& policy) {
  return policy.warn_after > 0 && recipient.state == RecipientState::waiting &&
         !recipient.delay_told && wants(recipient, Notify::delay);
}

ReportedRecipient report_of(const OutboxRecipient& recipient, ReportAction action,
                            std::string status) {
  ReportedRecipient out;
  out.address = recipient.address;
  out.original = recipient.orcpt;
  out.action = action;
  out.status = std::move(status);
  return out;
}

/// The report for an attempt that settled the recipient; none if nothing is reported.
std::optional<ReportedRecipient> report_of(const OutboxRecipient& recipient, const Tried& tried,
                                           std::int64_t now) {
  const bool failed = tried.fate == SmtpOutcome::Fate::refused;
  if (!wants(recipient, failed ? Notify::failure : Notify::success)) return std::nullopt;
  if (!failed && tried.reports_itself) return std::nullopt;
  const auto success = tried.is_local ? ReportAction::delivered : ReportAction::relayed;
  ReportedRecipient out =
      report_of(recipient, failed ? ReportAction::failed : success, status_of(tried.reply));
  out.reason = recipient.last_status;
  out.remote_mta = tried.remote_mta;
  out.last_attempt = Timestamp{now, 0};
  return out;
}

}  // namespace

bool is_due(const OutboxRecipient& recipient, std::int64_t now) {
  return recipient.state == RecipientState::waiting && recipient.next_attempt <= now;
}

bool may_report(const OutboxEntry& entry) { return !entry.return_path.empty(); }

std::vector<ReportedRecipient> note_tried(OutboxEntry& entry, std::span<const Tried> tried,
                                          const RetryPolicy& policy, Moment moment) {
  std::vector<ReportedRecipient> reports;
  for (const Tried& one : tried) {
    if (one.recipient >= entry.recipients.size()) continue;
    OutboxRecipient& recipient = entry.recipients[one.recipient];
    const bool accepted = one.fate == SmtpOutcome::Fate::accepted;
    if (recipient.state != RecipientState::waiting && !accepted) continue;
    ++recipient.attempts;
    recipient.last_status = wire::smtp::one_line(one.reply);
    if (one.fate == SmtpOutcome::Fate::retry) {
      recipient.next_attempt = moment.now + delay_after(recipient.attempts, policy, moment.jitter);
      continue;
    }
    recipient.state = !accepted      ? RecipientState::failed
                      : one.is_local ? RecipientState::delivered
                                     : RecipientState::relayed;
    if (auto report = report_of(recipient, one, moment.now)) reports.push_back(std::move(*report));
  }
  return reports;
}

std::vector<ReportedRecipient> note_time(OutboxEntry& entry, const RetryPolicy& policy,
                                         std::int64_t now) {
  std::vector<ReportedRecipient> reports;
  const bool expired = entry.expires <= now;
  const bool late = warning_time(entry, policy) <= now;
  for (OutboxRecipient& recipient : entry.recipients) {
    if (recipient.state != RecipientState::waiting) continue;
    const std::string last =
        recipient.last_status.empty() ? "no attempt was made" : recipient.last_status;
    if (expired) {
      recipient.state = RecipientState::failed;
      if (!wants(recipient, Notify::failure)) continue;
      const bool cancelled = last == kCancelled;
      // RFC 3463 §3.5: the delivery time expired.
      reports.push_back(report_of(recipient, ReportAction::failed, cancelled ? "5.7.0" : "4.4.7"));
      reports.back().reason =
          cancelled ? last : fmt::format("not delivered in time; last attempt: {}", last);
    } else if (late && wants_warning(recipient, policy)) {
      recipient.delay_told = true;
      reports.push_back(report_of(recipient, ReportAction::delayed, "4.4.7"));
      reports.back().reason = last;
      reports.back().retried_until = Timestamp{entry.expires, 0};
    }
  }
  return reports;
}

Work work_for(const OutboxEntry& entry, const RetryPolicy& policy, std::int64_t now) {
  Work work;
  work.next = std::numeric_limits<std::int64_t>::max();
  const auto at = [&](std::int64_t time, bool& due) {
    if (time <= now) {
      due = true;
    } else {
      work.next = std::min(work.next, time);
    }
  };
  for (const OutboxRecipient& recipient : entry.recipients) {
    if (recipient.state != RecipientState::waiting) continue;
    at(entry.expires, work.time);
    if (wants_warning(recipient, policy)) at(warning_time(entry, policy), work.time);
    at(std::max(entry.hold_until, recipient.next_attempt), work.attempt);
  }
  return work;
}

}  // namespace posthorn::relay
