#include "service/sending/submit.h"

#include "service/sending/filed_copies.h"
#include "service/sending/sender.h"
#include "store/store.h"

namespace posthorn::service {
namespace {

using store::Change;
using store::FiledCopy;
using store::SpecialUse;

constexpr std::string_view kSentName = "Sent";

/// Returns the mailbox for sent mail. A mailbox with the usual name is given the special use; if
/// there is none, it is created.
Result<MailboxId> sent_mailbox(Change& change) {
  if (const auto marked = change.state().find_special(SpecialUse::sent)) return marked->id;
  if (const auto named = change.state().find(kSentName)) {
    change.set_special_use(
        named->id, static_cast<store::SpecialUses>(named->special_use | bit(SpecialUse::sent)));
    return named->id;
  }
  return change.create_mailbox({std::string(kSentName), bit(SpecialUse::sent), true});
}

/// A submission, as a function of the newest state.
class Submitting {
 public:
  Submitting(const Submission& submission, const SendingRules& rules, Timestamp now,
             std::optional<FiledCopy> appended)
      : submission_(submission), rules_(rules), now_(now), appended_(appended) {}

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
    if (!keeps_sent(change.state(), rules_)) return change.keep_email(submission_.email);
    if (appended_ && is_still_there(change.state(), *appended_)) return adopt(change);
    return file(change);
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
  const std::optional<FiledCopy> appended_;
  store::SendingUsage usage_;
  Submitted result_;
};

}  // namespace

async::Task<Result<Submitted>> submit(store::AccountPtr account, Submission submission,
                                      SendingRules rules) {
  const store::StatePtr state = account->published();
  std::optional<FiledCopy> appended;
  std::vector<MailboxId> needs;
  const auto sent = state->find_special(SpecialUse::sent);
  if (sent && keeps_sent(*state, rules))
    appended = co_await find_filed_copy(account, sent->id, submission.email, FiledCopy::By::client,
                                        rules.duplicate_window);
  if (appended) needs.push_back(appended->mailbox);
  Submitting submitting(submission, rules, account->store().clock().now(), appended);
  const store::Actor by = store::Actor::user(account->id()).over(submission.session);
  auto done = co_await account->change(by, std::move(needs),
                                       [&](Change& change) { return submitting.run(change); });
  if (!done) co_return pass(done);
  co_return done->value;
}

}  // namespace posthorn::service
