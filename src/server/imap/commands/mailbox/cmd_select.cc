#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "server/imap/commands.h"
#include "server/imap/fetch/fetch_row.h"
#include "server/imap/progress.h"
#include "server/imap/session.h"
#include "service/messages.h"
#include "service/vanished.h"
#include "store/read/object_ids.h"
#include "wire/imap/response/format_list.h"

namespace posthorn::server::imap {
namespace {

namespace wi = wire::imap;
using async::Task;
using wi::Condition;

NumberSet uids_of(const store::Members& members, std::uint32_t first) {
  NumberSet uids;
  members.for_each(first, members.count(),
                   [&](std::uint32_t, const store::MemberLeaf& leaf, std::uint32_t k) {
                     uids.add(leaf.uid[k]);
                   });
  return uids;
}

std::unique_ptr<Selected> open(Session& session, service::MailboxRef ref,
                               const store::Mailbox& mailbox, const wi::SelectCommand& command) {
  auto selected = std::make_unique<Selected>();
  selected->mailbox = std::move(ref);
  selected->access = command.access;
  // RFC 4314 §5.2. With "s" alone too: otherwise many clients would never set \Seen.
  if (!selected->mailbox.rights.has_any_of(
          service::kFlagRights.with({service::Right::insert, service::Right::expunge})))
    selected->access = wi::SelectAccess::read_only;
  const bool shows_removed = selected->mailbox.shows_removed();
  selected->brings_back = shows_removed && command.access == wi::SelectAccess::read_write;
  selected->cursor = service::Cursor(selected->mailbox.flags(mailbox));
  if (!session.enabled.rev2) {
    const Uid recent = selected->mailbox.account->recent_from(mailbox, !selected->is_read_only());
    const store::Members& members = mailbox.contents->members();
    selected->recent = uids_of(members, members.lower_bound(recent));
  }
  Selected* const raw = selected.get();
  // What was removed depends on all mailboxes.
  std::vector<MailboxId> watched;
  if (!shows_removed) watched.push_back(mailbox.id);
  selected->watch = selected->mailbox.account->watch(std::move(watched), [raw, &session] {
    if (raw->idling) session.connection.wake();
  });
  return selected;
}

/// RFC 9051 §6.3.2, or RFC 3501 §6.3.1 if rev2 is not enabled.
void say_state(Session& session, const store::Mailbox& mailbox, std::string_view name) {
  const Selected& selected = *session.selected;
  session.say_flags(mailbox);
  auto w = session.writer();
  wi::format_exists(w, selected.told().count());
  wi::format_recent(w, static_cast<std::uint32_t>(selected.recent.count()));
  // RFC 3501 §7.1. It is a message number.
  if (!session.enabled.rev2 && !session.enabled.uid_only) {
    if (const auto position = selected.mailbox.flags(mailbox).first_unseen()) {
      wi::format_untagged(w, Condition::ok, wi::code::Unseen{Seqnum(*position + 1)},
                          "First unseen message");
    }
  }
  const store::MailboxHead& head = mailbox.head;
  wi::format_untagged(w, Condition::ok, wi::code::UidValidity{head.uid_validity}, "UIDs are valid");
  wi::format_untagged(w, Condition::ok, wi::code::UidNext{head.uid_next}, "Next UID");
  if (session.is_offered("CONDSTORE")) {
    wi::format_untagged(w, Condition::ok,
                        wi::code::HighestModSeq{selected.mailbox.flags(mailbox).highest_modseq()},
                        "Highest mod-sequence");
  }
  if (session.is_offered("OBJECTID")) {
    const std::string id = selected.mailbox.account->object_ids().mailbox(mailbox.id);
    wi::format_untagged(w, Condition::ok, wi::code::MailboxId{id}, "Mailbox ID");
  }
  if (session.enabled.rev2) {
    wi::ListResponse list;
    list.mailbox = name;
    wi::format_list(w, list);
  }
}

service::VanishedQuery query_of(const wi::QresyncParameter& known) {
  service::VanishedQuery query{.since = known.mod_seq, .known = known.known_uids, .samples = {}};
  if (known.match) query.samples = {known.match->seqnums, known.match->uids};
  return query;
}

/// RFC 7162 §3.2.5.
Task<Status> resynchronise(Session& session, const store::MailboxPtr& mailbox,
                           const wi::QresyncParameter& known) {
  if (known.uid_validity != mailbox->head.uid_validity) co_return Status();
  const service::MailboxRef& ref = session.selected->mailbox;
  auto gone = co_await service::vanished_since(ref, mailbox, query_of(known));
  if (!gone) co_return pass(gone);
  {
    auto w = session.writer();
    wi::format_vanished(w, wi::Vanished::earlier, *gone);
  }
  RowWriter rows(session, *mailbox);
  rows.with_uid = true;
  ref.flags(*mailbox).for_each_changed(
      known.mod_seq,
      [&](std::uint32_t position, const store::Member& member, const store::FlagState& flags) {
        if (known.known_uids && !known.known_uids->contains(member.uid.value)) return;
        rows.write_flags(Seqnum(position + 1), member.uid, flags);
      });
  co_return Status();
}

}  // namespace

// RFC 9051 §6.3.2, §6.3.3; RFC 7162 §3.1.8, §3.2.5.
CommandTask cmd_select(Session& session, wi::SelectCommand& command) {
  if (command.qresync && !session.enabled.qresync) {
    co_return Reply::bad("QRESYNC has not been enabled");  // RFC 7162 §3.2.5
  }
  session.leave_mailbox();  // RFC 9051 §6.3.2: even if the new one cannot be selected.
  auto found = co_await session.find(command.mailbox, command.kSpec);
  if (!found) co_return session.refuse(found.error());
  Progress progress(session);
  auto mailbox = co_await service::newest(*found);
  co_await progress.finish();
  if (!mailbox) co_return session.refuse(mailbox.error());
  if (command.condstore || command.qresync) session.enable_condstore();
  session.selected = open(session, std::move(*found), **mailbox, command);
  say_state(session, **mailbox, command.mailbox);
  if (command.qresync) {
    auto done = co_await resynchronise(session, *mailbox, *command.qresync);
    if (!done) {
      session.selected.reset();
      co_return session.refuse(done.error());
    }
  }
  session.selected->said_modseq = false;
  if (session.selected->is_read_only())
    co_return Reply::ok("EXAMINE completed", wi::CodeName::read_only);
  co_return Reply::ok("SELECT completed", wi::CodeName::read_write);
}

}  // namespace posthorn::server::imap
