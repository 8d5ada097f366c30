#include <string>
#include <utility>
#include <vector>

#include "server/imap/commands.h"
#include "server/imap/session.h"
#include "wire/imap/response/format_list.h"

namespace posthorn::server::imap {
namespace {

namespace wi = wire::imap;

/// Moves the subscriptions with the mailboxes. RFC 9051 §6.3.6 leaves this open, but many clients
/// show only subscribed mailboxes.
Status move_subscriptions(store::Change& change, const std::string& from, const std::string& to) {
  std::vector<std::string> moved;
  for (const std::string& name : *change.state().subscriptions) {
    if (name == from || name.starts_with(from + store::kDelimiter)) moved.push_back(name);
  }
  for (const std::string& name : moved) {
    if (auto done = change.unsubscribe(name); !done) return pass(done);
    if (auto done = change.subscribe(to + name.substr(from.size())); !done) return pass(done);
  }
  if (auto done = change.subscribe(to); !done) return pass(done);
  return {};
}

}  // namespace

// RFC 9051 §6.3.6.
CommandTask cmd_rename(Session& session, wi::RenameCommand& command) {
  if (command.to.size() > 1 && command.to.back() == store::kDelimiter) command.to.pop_back();
  const bool is_inbox = command.from == "INBOX";
  store::ChangeFunction function = [&](store::Change& change) -> Status {
    if (auto done = change.rename_mailbox(command.from, command.to); !done) return done;
    // INBOX itself and the mailboxes below it keep their names.
    if (!is_inbox) return move_subscriptions(change, command.from, command.to);
    if (auto done = change.subscribe(command.to); !done) return pass(done);
    return {};
  };
  std::vector<MailboxId> needs;
  if (const auto mailbox = session.account->published()->find(command.from)) {
    needs.push_back(mailbox->id);
  }
  auto receipt = co_await session.account->change(std::move(needs), std::move(function));
  if (!receipt) co_return session.refuse(receipt.error());
  if (session.enabled.rev2) {
    wi::ListResponse list;  // RFC 9051 §6.3.9.7
    list.mailbox = command.to;
    list.old_name = command.from;
    auto w = session.writer();
    wi::format_list(w, list);
  }
  co_return Reply::ok();
}

}  // namespace posthorn::server::imap
