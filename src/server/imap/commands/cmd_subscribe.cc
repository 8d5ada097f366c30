#include <utility>

#include "server/imap/commands.h"
#include "server/imap/session.h"

namespace posthorn::server::imap {
namespace {

namespace wi = wire::imap;

async::Task<Reply> change_subscription(Session& session, store::ChangeFunction function) {
  std::vector<MailboxId> needs;
  auto receipt = co_await session.account->change(std::move(needs), std::move(function));
  if (!receipt) co_return session.refuse(receipt.error());
  co_return Reply::ok();
}

}  // namespace

// RFC 9051 §6.3.7: a name that does not exist can be subscribed.
CommandTask cmd_subscribe(Session& session, wi::SubscribeCommand& command) {
  store::ChangeFunction function = [&](store::Change& change) -> Status {
    if (auto done = change.subscribe(command.mailbox); !done) return pass(done);
    return {};
  };
  co_return co_await change_subscription(session, std::move(function));
}

// RFC 9051 §6.3.8.
CommandTask cmd_unsubscribe(Session& session, wi::UnsubscribeCommand& command) {
  store::ChangeFunction function = [&](store::Change& change) -> Status {
    if (auto done = change.unsubscribe(command.mailbox); !done) return pass(done);
    return {};
  };
  co_return co_await change_subscription(session, std::move(function));
}

}  // namespace posthorn::server::imap
