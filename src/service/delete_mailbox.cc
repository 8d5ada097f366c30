#include "service/delete_mailbox.h"

#include "store/upkeep/damage_log.h"

namespace posthorn::service {
namespace {

async::Task<Status> delete_loaded(store::AccountPtr account, std::string name, MailboxId id) {
  auto receipt = co_await account->change({id}, [&](store::Change& change) -> Status {
    if (Status done = change.delete_mailbox(name); !done) return done;
    auto unsubscribed = change.unsubscribe(name);
    return unsubscribed ? Status() : pass(unsubscribed);
  });
  co_return receipt ? Status() : pass(receipt);
}

}  // namespace

async::Task<Status> delete_mailbox(store::AccountPtr account, std::string name) {
  const store::MailboxPtr mailbox = account->published()->find(name);
  // Without an id nothing is loaded, and the change reports that there is no such mailbox.
  const MailboxId id = mailbox ? mailbox->id : MailboxId();
  Status done = co_await delete_loaded(account, name, id);
  if (done || !mailbox || mailbox->name == "INBOX" || !store::is_damage(done.error().kind))
    co_return done;
  auto readable = co_await account->load_readable(id);
  if (!readable) co_return pass(readable);
  done = co_await delete_loaded(account, name, id);
  // Otherwise all sessions would continue to see the mailbox without its unreadable messages.
  if (!done) (void)co_await account->forget_contents();
  co_return done;
}

}  // namespace posthorn::service
