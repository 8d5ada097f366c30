#include "service/messages.h"

#include <utility>

namespace posthorn::service {

using async::Task;
using store::AccountPtr;
using store::Change;
using store::ChangeWeight;

namespace {

/// A change of very many messages leaves the network threads.
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
    // Not `not_found`: that is about the target, which a client may then create.
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

Status run_append(Change& change, const std::string& name, std::vector<MessageToAppend>& messages,
                  Timestamp now, Appended& result) {
  const store::MailboxPtr target = change.state().find(name);
  if (target == nullptr) return fail(ErrorKind::not_found, "no such mailbox");
  result.mailbox = target->id;
  result.uid_validity = target->head.uid_validity;
  result.uids = {};
  for (const MessageToAppend& message : messages) {
    auto uid = change.append(target->id, message.email, message.flags,
                             message.internal_date.value_or(now));
    if (!uid) return pass(uid);
    result.uids.add(uid->value);
  }
  return {};
}

}  // namespace

Task<Result<Appended>> append(AccountPtr account, std::string mailbox,
                              std::vector<MessageToAppend> messages, Timestamp now) {
  Appended result;
  store::ChangeFunction function = [&](Change& change) {
    return run_append(change, mailbox, messages, now, result);
  };
  std::vector<MailboxId> needs;
  auto receipt = co_await account->change(std::move(needs), std::move(function));
  if (!receipt) co_return pass(receipt);
  co_return result;
}

}  // namespace posthorn::service
