#include "service/sending/submit.h"

#include "service/sending/filed_copies.h"
#include "service/sending/sender.h"
#include "store/store.h"

namespace posthorn::service {
namespace {

using store::Change;
using store::FiledCopy;
using store::SpecialUse;

/// A submission, as a function of the newest state.
class Submitting {
 public:
  Submitting(const Submission& submission, const SendingRules& rules, Timestamp now)
      : submission_(submission), rules_(rules), now_(now) {}
  /// The client itself has appended this copy.
  void adopts(std::optional<FiledCopy> appended) { appended_ = appended; }
  /// The sender gets no copy, since a team has one.
  void files_nothing() { files_ = false; }

  Result<Submitted> run(Change& change) {
    result_ = {};
    usage_ = change.state().usage;
    const auto recipients = static_cast<std::uint32_t>(submission_.envelope.recipients.size());
    if (Status ok = check_limits(usage_, rules_.limits, recipients, now_); !ok) return pass(ok);
    auto email = take_in(change);
    if (!email) return pass(email);
    store::OutboxEntry entry = submission_.envelope;
    entry.email = *email;
    entry.size = submission_.email.size;
    entry.submitted = now_.seconds;
    const std::int64_t from = std::max(now_.seconds, entry.hold_until);
    entry.expires = from + rules_.give_up_after.count();
    for (store::OutboxRecipient& recipient : entry.recipients) recipient.next_attempt = from;
    auto id = change.enqueue(std::move(entry));
    if (!id) return pass(id);
    result_.id = *id;
    usage_.hour.add(store::SendingUsage::kHour, now_.seconds, {1, recipients});
    usage_.day.add(store::SendingUsage::kDay, now_.seconds, {1, recipients});
    change.set_usage(std::move(usage_));
    return result_;
  }

 private:
  Result<Ordinal> take_in(Change& change) {
    if (!files_ || !keeps_sent(change.state(), rules_)) {
      if (Status room = check_waiting(change.state()); !room) return pass(room);
      return change.keep_email(submission_.email);
    }
    if (appended_ && is_still_there(change.state(), *appended_)) return adopt(change);
    return file(change);
  }

  /// What waits without a copy in a mailbox does not count against the quota, but it is on the disk
  /// all the same. Together it may be as large as the quota, and there is room again when some has
  /// been sent.
  [[nodiscard]] Status check_waiting(const store::AccountState& state) const {
    const std::uint64_t most = state.counters.quota.max_bytes;
    std::uint64_t waiting = submission_.email.size;
    for (const auto& [id, entry] : *state.outbox) waiting += entry->size;
    if (most == 0 || waiting <= most) return {};
    return fail(ErrorKind::limit, "The messages that wait to be sent would exceed your quota");
  }

  /// Uses the copy that the client itself appended.
  Result<Ordinal> adopt(Change& change) {
    NumberSet uid;
    uid.add(appended_->uid.value);
    auto seen = change.store_flags(appended_->mailbox, uid, store::FlagOperation::add,
                                   {bit(SystemFlag::seen), {}}, std::nullopt);
    if (!seen) return pass(seen);
    FiledCopy copy = *appended_;
    copy.by = FiledCopy::By::submission;
    note_filed_copy(usage_, copy, rules_.duplicate_window);
    result_.sent = copy.mailbox;
    result_.uid = copy.uid;
    // The message is sent exactly as it was submitted.
    return change.keep_email(submission_.email);
  }

  Result<Ordinal> file(Change& change) {
    auto mailbox = sent_mailbox(change);
    if (!mailbox) return pass(mailbox);
    auto uid = change.append(*mailbox, submission_.email, {bit(SystemFlag::seen), {}}, now_);
    if (!uid) return pass(uid);
    result_.sent = *mailbox;
    result_.uid = *uid;
    if (rules_.duplicate_window.count() != 0)
      note_filed_copy(usage_,
                      {now_.seconds, message_id_hash(submission_.email), *mailbox, *uid,
                       change.newest_email(), FiledCopy::By::submission},
                      rules_.duplicate_window);
    return change.newest_email();
  }

  const Submission& submission_;
  const SendingRules& rules_;
  const Timestamp now_;
  std::optional<FiledCopy> appended_;
  bool files_ = true;
  store::SendingUsage usage_;
  Submitted result_;
};

}  // namespace

namespace {

/// Submits a message whose copy for a team, if it has one, is filed.
async::Task<Result<Submitted>> submit_filed(store::AccountPtr account, const Submission& submission,
                                            const SendingRules& rules, bool files_own) {
  const store::StatePtr state = account->published();
  std::optional<FiledCopy> appended;
  std::vector<MailboxId> needs;
  const auto sent = state->find_special(SpecialUse::sent);
  if (sent && files_own && keeps_sent(*state, rules))
    appended = co_await find_filed_copy(account, sent->id, submission.email, FiledCopy::By::client,
                                        rules.duplicate_window);
  if (appended) needs.push_back(appended->mailbox);
  Submitting submitting(submission, rules, account->store().clock().now());
  submitting.adopts(appended);
  if (!files_own) submitting.files_nothing();
  const store::Actor by = store::Actor::user(account->id()).over(submission.session);
  auto done = co_await account->change(by, std::move(needs),
                                       [&](Change& change) { return submitting.run(change); });
  if (!done) co_return pass(done);
  co_return done->value;
}

}  // namespace

async::Task<Result<Submitted>> submit(store::AccountPtr account, Submission submission,
                                      SendingRules rules) {
  if (!submission.team_copy)
    co_return co_await submit_filed(std::move(account), submission, rules, true);
  // Nothing is filed for a message that cannot be sent anyway.
  const auto recipients = static_cast<std::uint32_t>(submission.envelope.recipients.size());
  const Timestamp now = account->store().clock().now();
  if (Status ok = check_limits(account->published()->usage, rules.limits, recipients, now); !ok)
    co_return pass(ok);
  const store::AccountPtr team = submission.team_copy->team;
  const auto filed = co_await file_for_team(std::move(*submission.team_copy), rules);
  if (!filed) co_return std::unexpected(filed.error());
  const auto& settings = team->published()->sending->team;
  const bool both = settings && settings->sent_copy == store::Team::SentCopy::both;
  auto done =
      co_await submit_filed(std::move(account), submission, rules, both || !filed->has_value());
  if (!done && *filed && (*filed)->fresh) co_await take_back(team, (*filed)->copy);
  co_return done;
}

}  // namespace posthorn::service
