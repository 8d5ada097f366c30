#include <string>
#include <utility>

#include "server/imap/commands.h"
#include "server/imap/session.h"
#include "service/mailboxes.h"
#include "wire/imap/response/format_list.h"

namespace posthorn::server::imap {

namespace wi = wire::imap;

namespace {

void note_own(Session& session, const wi::RenameCommand& command) {
  using Own = Notifications::OwnName;
  if (!session.notifications) return;
  session.notifications->note_own(
      {.name = command.from, .reach = Own::Reach::tree, .exists = false, .subscribed = false});
  session.notifications->note_own({.name = service::without_delimiter_at_end(command.to),
                                   .reach = Own::Reach::tree,
                                   .exists = true,
                                   .subscribed = true});
}

}  // namespace

// RFC 9051 §6.3.6.
CommandTask cmd_rename(Session& session, wi::RenameCommand& command) {
  Status done = co_await service::rename_mailbox(session.caller(), command.from, command.to);
  if (!done) co_return session.refuse(done.error());
  note_own(session, command);
  if (session.enabled.rev2) {
    const std::string renamed = service::without_delimiter_at_end(std::move(command.to));
    wi::ListResponse list;  // RFC 9051 §6.3.9.7
    list.mailbox = renamed;
    list.old_name = command.from;
    auto w = session.writer();
    wi::format_list(w, list);
  }
  co_return Reply::ok();
}

}  // namespace posthorn::server::imap
