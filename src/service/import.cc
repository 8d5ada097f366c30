#include "service/import.h"

#include <utility>

namespace posthorn::service {
namespace {

Result<MailboxId> find_or_create(store::Change& change, const std::string& name) {
  if (const store::MailboxPtr existing = change.state().find(name)) return existing->id;
  return change.create_mailbox({.name = name, .subscribe = true});
}

Result<std::vector<Uid>> append_all(store::Change& change,
                                    const std::vector<ImportedMessage>& messages) {
  std::vector<Uid> uids;
  for (const ImportedMessage& message : messages) {
    auto mailbox = find_or_create(change, message.mailbox);
    if (!mailbox) return pass(mailbox);
    auto uid = change.append(*mailbox, message.email, message.flags, message.received);
    if (!uid) return pass(uid);
    uids.push_back(*uid);
  }
  return uids;
}

}  // namespace

async::Task<Result<std::vector<Uid>>> import_messages(Caller caller,
                                                      std::vector<ImportedMessage> messages) {
  auto done = co_await caller.account->change(
      caller.actor, {}, [&](store::Change& change) { return append_all(change, messages); });
  if (!done) co_return pass(done);
  co_return std::move(done->value);
}

}  // namespace posthorn::service
