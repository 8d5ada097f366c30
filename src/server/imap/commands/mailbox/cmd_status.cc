#include "server/imap/commands.h"
#include "server/imap/session.h"
#include "server/imap/status.h"
#include "service/messages.h"
#include "store/read/object_ids.h"

namespace posthorn::server::imap {
namespace {

namespace wi = wire::imap;
using async::Task;
using wi::StatusItem;

/// The value of RECENT (RFC 3501 §6.3.10), the only item that is not in the mailbox head.
Task<Result<std::uint32_t>> recent_of(Session& session, const service::MailboxRef& mailbox) {
  if (session.selected && session.selected->mailbox.is(mailbox)) {
    co_return static_cast<std::uint32_t>(session.selected->recent.count());
  }
  auto loaded = co_await service::newest(mailbox);
  if (!loaded) co_return pass(loaded);
  const Uid first = mailbox.account->recent_from(**loaded, false);
  const store::Members& members = (*loaded)->contents->members();
  co_return members.count() - members.lower_bound(first);
}

}  // namespace

Task<Status> say_status(Session& session, const service::MailboxRef& ref, store::MailboxPtr mailbox,
                        std::string name, wi::StatusItems items) {
  if (ref.shows_removed()) {
    auto loaded = co_await service::newest(ref);
    if (!loaded) co_return pass(loaded);
    mailbox = std::move(*loaded);
  }
  const store::FlagsView flags = ref.flags(*mailbox);
  const store::MailboxHead& head = mailbox->head;
  wi::StatusValues values;
  if (items.has(StatusItem::messages)) values.messages = head.messages;
  if (items.has(StatusItem::uid_next)) values.uid_next = head.uid_next;
  if (items.has(StatusItem::uid_validity)) values.uid_validity = head.uid_validity;
  if (items.has(StatusItem::unseen)) values.unseen = flags.unseen();
  if (items.has(StatusItem::deleted)) values.deleted = flags.deleted();
  if (items.has(StatusItem::size)) values.size = head.bytes;
  if (items.has(StatusItem::highest_modseq)) {
    session.enable_condstore();  // RFC 7162 §3.1
    values.highest_modseq = flags.highest_modseq();
  }
  if (items.has(StatusItem::append_limit))
    values.append_limit = session.options->max_message_octets;
  if (items.has(StatusItem::deleted_storage)) values.deleted_storage = flags.deleted_bytes();
  std::string id;
  if (items.has(StatusItem::mailbox_id)) {
    id = ref.account->object_ids().mailbox(ref.id);
    values.mailbox_id = id;
  }
  if (items.has(StatusItem::recent)) {
    auto recent = co_await recent_of(session, ref);
    if (!recent) co_return pass(recent);
    values.recent = *recent;
  }
  auto w = session.writer();
  wi::format_status(w, name, values);
  co_return Status();
}

// RFC 9051 §6.3.11.
CommandTask cmd_status(Session& session, wi::StatusCommand& command) {
  const auto found = co_await session.find(command.mailbox, command.kSpec);
  if (!found) co_return session.refuse(found.error());
  if (session.selected && session.selected->mailbox.is(*found)) {
    // workaround: Delta Chat compares STATUS with what it was told of the selected mailbox.
    auto told = co_await session.tell(service::kTellAll, wi::Numbering::seqnum);
    if (!told || session.is_over()) co_return session.lost();
  }
  const store::MailboxPtr mailbox = found->published();
  if (mailbox == nullptr) co_return Reply::no("No such mailbox", wi::CodeName::nonexistent);
  auto said = co_await say_status(session, *found, mailbox, command.mailbox, command.items);
  if (!said) co_return session.refuse(said.error());
  co_return Reply::ok();
}

}  // namespace posthorn::server::imap
