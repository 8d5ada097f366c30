#include "service/messages.h"

#include <utility>

#include "service/sending/filed_copies.h"

namespace posthorn::service {

using async::Task;
using store::AccountPtr;
using store::Change;
using store::ChangeWeight;

namespace {

/// A change of very many messages runs outside the network threads.
ChangeWeight weight_of(std::uint64_t messages) {
  return messages > 5000 ? ChangeWeight::heavy : ChangeWeight::light;
}

}  // namespace

Task<Result<store::MailboxPtr>> newest(AccountPtr account, MailboxId mailbox) {
  store::MailboxPtr now = account->published()->find(mailbox);
  if (now == nullptr) co_return fail(ErrorKind::not_found, "the mailbox is gone");
  if (now->contents != nullptr) co_return now;
  co_return co_await account->load(mailbox);
}

Task<Result<FlagsStored>> store_flags(AccountPtr account, FlagsToStore what) {
  FlagsStored result;
  std::vector<MailboxId> needs = {what.mailbox};
  store::ChangeFunction function = [&](Change& change) -> Status {
    auto outcome = change.store_flags(what.mailbox, what.uids, what.operation, what.flags,
                                      what.unchanged_since, what.told);
    if (!outcome) return pass(outcome);
    result.outcome = std::move(*outcome);
    result.modseq = change.modseq();
    return {};
  };
  auto receipt =
      co_await account->change(std::move(needs), std::move(function), weight_of(what.uids.count()));
  if (!receipt) co_return pass(receipt);
  result.changed = receipt->changed;
  co_return result;
}

Task<Result<NumberSet>> expunge_deleted(AccountPtr account, MailboxId mailbox,
                                        std::optional<NumberSet> uids) {
  NumberSet gone;
  std::vector<MailboxId> needs = {mailbox};
  store::ChangeFunction function = [&](Change& change) -> Status {
    auto removed = change.expunge_deleted(mailbox, uids);
    if (!removed) return pass(removed);
    gone = std::move(*removed);
    return {};
  };
  const store::MailboxPtr now = account->published()->find(mailbox);
  const ChangeWeight weight = weight_of(now ? now->head.deleted : 0);
  auto receipt = co_await account->change(std::move(needs), std::move(function), weight);
  if (!receipt) co_return pass(receipt);
  co_return gone;
}

namespace {

Status run_transfer(Change& change, const Transfer& what, Transferred& result) {
  const store::MailboxPtr target = change.state().find(what.target);
  if (target == nullptr) return fail(ErrorKind::not_found, "no such mailbox");
  if (change.state().find(what.source) == nullptr) {
    // Not `not_found`, which is about the target and makes a client create it.
    return fail(ErrorKind::unavailable, "the selected mailbox was deleted");
  }
  auto pairs = what.mode == TransferMode::copy ? change.copy(what.source, what.uids, target->id)
                                               : change.move(what.source, what.uids, target->id);
  if (!pairs) return pass(pairs);
  result.pairs = std::move(*pairs);
  result.uid_validity = target->head.uid_validity;
  return {};
}

}  // namespace

Task<Result<Transferred>> transfer(AccountPtr account, Transfer what) {
  Transferred result;
  std::vector<MailboxId> needs = {what.source};
  store::ChangeFunction function = [&](Change& change) {
    return run_transfer(change, what, result);
  };
  auto receipt =
      co_await account->change(std::move(needs), std::move(function), weight_of(what.uids.count()));
  if (!receipt) co_return pass(receipt);
  result.changed = receipt->changed;
  co_return result;
}

namespace {

/// An append, as a function of the newest state.
class Appending {
 public:
  Appending(const std::string& name, const std::vector<MessageToAppend>& messages, Timestamp now,
            std::chrono::seconds window)
      : name_(name), messages_(messages), now_(now), window_(window) {}

  /// Looks for a copy that a submission has already filed. Only done for a single message: several
  /// messages get UIDs that are reported in their order (RFC 4315 §3).
  Task<void> look_for_filed(AccountPtr account) {
    const store::MailboxPtr target = account->published()->find(name_);
    if (messages_.size() != 1 || !target || !is_for_sent(*target)) co_return;
    filed_ = co_await find_filed_copy(account, target->id, messages_.front().email,
                                      store::FiledCopy::By::submission, window_);
  }
  [[nodiscard]] std::vector<MailboxId> needs() const {
    return filed_ ? std::vector{filed_->mailbox} : std::vector<MailboxId>{};
  }

  Status run(Change& change) {
    const store::MailboxPtr target = change.state().find(name_);
    if (target == nullptr) return fail(ErrorKind::not_found, "no such mailbox");
    result_.mailbox = target->id;
    result_.uid_validity = target->head.uid_validity;
    result_.uids = {};
    if (filed_ && is_still_there(change.state(), *filed_)) return merge(change);
    for (const MessageToAppend& message : messages_) {
      auto uid = change.append(target->id, message.email, message.flags,
                               message.internal_date.value_or(now_));
      if (!uid) return pass(uid);
      result_.uids.add(uid->value);
    }
    if (is_for_sent(*target)) note(change, *target);
    return {};
  }

  Appended result() && { return std::move(result_); }

 private:
  [[nodiscard]] bool is_for_sent(const store::Mailbox& mailbox) const {
    return window_.count() != 0 && (mailbox.special_use & bit(store::SpecialUse::sent)) != 0;
  }

  Status merge(Change& change) {
    NumberSet uid;
    uid.add(filed_->uid.value);
    auto stored = change.store_flags(filed_->mailbox, uid, store::FlagOperation::add,
                                     messages_.front().flags, std::nullopt);
    if (!stored) return pass(stored);
    result_.uids = uid;
    return {};
  }

  /// Records the message, because the client may submit it later.
  void note(Change& change, const store::Mailbox& target) const {
    if (messages_.size() != 1) return;
    // A message with an older date is being moved here, and was not just sent.
    const Timestamp date = messages_.front().internal_date.value_or(now_);
    if (date.seconds < now_.seconds - window_.count()) return;
    store::SendingUsage usage = change.state().usage;
    note_filed_copy(usage,
                    {now_.seconds, message_id_hash(messages_.front().email), target.id,
                     Uid(result_.uids.ranges().front().first), change.newest_email(),
                     store::FiledCopy::By::client},
                    window_);
    change.set_usage(std::move(usage));
  }

  const std::string& name_;
  const std::vector<MessageToAppend>& messages_;
  const Timestamp now_;
  const std::chrono::seconds window_;
  std::optional<store::FiledCopy> filed_;
  Appended result_;
};

}  // namespace

Task<Result<Appended>> append(AccountPtr account, std::string mailbox,
                              std::vector<MessageToAppend> messages, Timestamp now,
                              std::chrono::seconds duplicate_window) {
  Appending appending(mailbox, messages, now, duplicate_window);
  co_await appending.look_for_filed(account);
  auto receipt = co_await account->change(appending.needs(),
                                          [&](Change& change) { return appending.run(change); });
  if (!receipt) co_return pass(receipt);
  co_return std::move(appending).result();
}

}  // namespace posthorn::service
