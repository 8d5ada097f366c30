#include "service/sending/edit_outbox.h"

#include <utility>

#include "store/store.h"

namespace posthorn::service {

using async::Task;
using store::Change;

Task<Status> edit_outbox(Caller caller, store::OutboxId id,
                         std::function<void(store::OutboxEntry&)> edit,
                         const store::NewEmail* report) {
  const store::AccountPtr account = caller.account;
  auto done = co_await account->change(caller.actor, {}, [&](Change& change) -> Status {
    const auto found = change.state().outbox->find(id);
    if (found == change.state().outbox->end())
      return fail(ErrorKind::not_found, "The message is no longer in the queue");
    store::OutboxEntry entry = *found->second;
    edit(entry);
    if (report != nullptr) {
      const store::MailboxPtr inbox = change.state().find("INBOX");
      if (!inbox) return fail(ErrorKind::limit, "There is no INBOX");
      auto uid = change.append(inbox->id, *report, {}, account->store().clock().now());
      if (!uid) return pass(uid);
    }
    return entry.is_settled() ? change.drop_outbox(id) : change.update_outbox(std::move(entry));
  });
  co_return done ? Status() : pass(done);
}

Task<Result<store::SendingSettings>> edit_sending(
    Caller caller, std::function<Status(store::SendingSettings&)> edit) {
  auto done = co_await caller.account->change(
      caller.actor, {}, [&](Change& change) -> Result<store::SendingSettings> {
        store::SendingSettings settings = *change.state().sending;
        if (Status ok = edit(settings); !ok) return pass(ok);
        change.set_sending(settings);
        return settings;
      });
  if (!done) co_return pass(done);
  co_return std::move(done->value);
}

}  // namespace posthorn::service
