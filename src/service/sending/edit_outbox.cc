#include "service/sending/edit_outbox.h"

#include <utility>

#include "store/store.h"
#include "text/ascii.h"

namespace posthorn::service {

using async::Task;
using store::Change;

namespace {

/// RFC 5321 §4.5.5: a report comes from nobody, so that none answers it.
store::OutboxEntry entry_of(const OutboxReport& report, std::int64_t now) {
  store::OutboxEntry entry;
  entry.size = report.mail.size;
  entry.smtputf8 = !text::is_ascii(report.mail_to);
  entry.session = "delivery report";
  entry.submitted = now;
  entry.expires = now + report.give_up_after.count();
  store::OutboxRecipient to;
  to.address = report.mail_to;
  to.notify = store::bit(store::Notify::never);
  to.next_attempt = now;
  entry.recipients.push_back(std::move(to));
  return entry;
}

Status take_report(Change& change, const OutboxReport& report, Timestamp now) {
  if (report.mail_to.empty()) {
    const store::MailboxPtr inbox = change.state().find("INBOX");
    if (!inbox) return fail(ErrorKind::limit, "There is no INBOX");
    auto uid = change.append(inbox->id, report.mail, {}, now);
    return uid ? Status() : pass(uid);
  }
  auto email = change.keep_email(report.mail);
  if (!email) return pass(email);
  store::OutboxEntry entry = entry_of(report, now.seconds);
  entry.email = *email;
  auto queued = change.enqueue(std::move(entry));
  return queued ? Status() : pass(queued);
}

}  // namespace

Task<Status> edit_outbox(Caller caller, store::OutboxId id,
                         std::function<void(store::OutboxEntry&)> edit,
                         const OutboxReport* report) {
  const store::AccountPtr account = caller.account;
  auto done = co_await account->change(caller.actor, {}, [&](Change& change) -> Status {
    const auto found = change.state().outbox->find(id);
    if (found == change.state().outbox->end())
      return fail(ErrorKind::not_found, "The message is no longer in the queue");
    store::OutboxEntry entry = *found->second;
    edit(entry);
    // The entry first: if it is finished, it makes room for the report about it.
    Status noted =
        entry.is_settled() ? change.drop_outbox(id) : change.update_outbox(std::move(entry));
    if (!noted || report == nullptr) return noted;
    return take_report(change, *report, account->store().clock().now());
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
