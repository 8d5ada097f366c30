#include <algorithm>
#include <optional>
#include <utility>

#include "server/imap/commands.h"
#include "server/imap/fetch/fetch_row.h"
#include "server/imap/object_id.h"
#include "server/imap/session.h"
#include "service/messages.h"
#include "wire/imap/response/format_list.h"

namespace posthorn::server::imap {
namespace {

namespace wi = wire::imap;
using async::Task;
using wi::Condition;

NumberSet from_uid(Uid first) {
  NumberSet set;
  set.add(std::max(first.value, 1U), UINT32_MAX);
  return set;
}

NumberSet uids_of(const store::Members& members, std::uint32_t first) {
  NumberSet uids;
  members.for_each(first, members.count(),
                   [&](std::uint32_t, const store::MemberLeaf& leaf, std::uint32_t k) {
                     uids.add(leaf.uid[k]);
                   });
  return uids;
}

/// For UNSEEN (RFC 3501 §7.1).
std::optional<Seqnum> first_unseen(const store::Mailbox& mailbox) {
  if (mailbox.head.unseen == 0) return std::nullopt;
  constexpr std::uint32_t kStep = 4096;
  std::uint32_t found = UINT32_MAX;
  for (std::uint32_t at = 0; at < mailbox.contents->count() && found == UINT32_MAX; at += kStep) {
    mailbox.contents->for_each(at, std::min(at + kStep, mailbox.contents->count()),
                               [&](std::uint32_t position, const store::MemberLeaf&,
                                   const store::FlagLeaf& flags, std::uint32_t k) {
                                 if ((flags.system[k] & bit(SystemFlag::seen)) == 0) {
                                   found = std::min(found, position);
                                 }
                               });
  }
  if (found == UINT32_MAX) return std::nullopt;
  return Seqnum(found + 1);
}

std::unique_ptr<Selected> open(Session& session, const store::Mailbox& mailbox,
                               const wi::SelectCommand& command) {
  auto selected = std::make_unique<Selected>();
  selected->id = mailbox.id;
  selected->access = command.access;
  selected->cursor = service::Cursor(mailbox);
  if (!session.enabled.rev2) {
    const Uid recent = session.account->recent_from(mailbox, !selected->is_read_only());
    const store::Members& members = mailbox.contents->members();
    selected->recent = uids_of(members, members.lower_bound(recent));
  }
  Selected* const raw = selected.get();
  selected->watch = session.account->watch({mailbox.id}, [raw, &session] {
    if (raw->idling) session.connection.wake();
  });
  return selected;
}

/// RFC 9051 §6.3.2, or RFC 3501 §6.3.1 if rev2 is not enabled.
void say_state(Session& session, const store::Mailbox& mailbox) {
  const Selected& selected = *session.selected;
  auto w = session.writer();
  wi::format_flags(w, kAllSystemFlags, mailbox.keywords->names());
  wi::code::PermanentFlags permanent;
  if (selected.is_read_only()) {
    permanent.system = 0;
    permanent.any = false;
  } else {
    permanent.keywords.assign(mailbox.keywords->names().begin(), mailbox.keywords->names().end());
  }
  wi::format_untagged(w, Condition::ok, permanent, "Flags that are kept");
  wi::format_exists(w, selected.told().count());
  wi::format_recent(w, static_cast<std::uint32_t>(selected.recent.count()));
  if (!session.enabled.rev2) {
    if (const auto unseen = first_unseen(mailbox)) {
      wi::format_untagged(w, Condition::ok, wi::code::Unseen{*unseen}, "First unseen");
    }
  }
  const store::MailboxHead& head = mailbox.head;
  wi::format_untagged(w, Condition::ok, wi::code::UidValidity{head.uid_validity}, "UIDs are valid");
  wi::format_untagged(w, Condition::ok, wi::code::UidNext{head.uid_next}, "Next UID");
  if (session.is_offered("CONDSTORE")) {
    wi::format_untagged(w, Condition::ok, wi::code::HighestModSeq{head.highest_modseq}, "Highest");
  }
  if (session.is_offered("OBJECTID")) {
    const std::string id = format_mailbox_id(session.account->id(), mailbox.id);
    wi::format_untagged(w, Condition::ok, wi::code::MailboxId{id}, "Mailbox id");
  }
  if (session.enabled.rev2) {
    wi::ListResponse list;
    list.mailbox = mailbox.name;
    wi::format_list(w, list);
  }
}

/// The client's messages that no longer exist (RFC 7162 §3.2.5).
Task<Result<NumberSet>> vanished(Session& session, const store::Mailbox& mailbox,
                                 const wi::QresyncParameter& known) {
  auto expunged = co_await session.account->expunged_since(mailbox.id, known.mod_seq);
  if (!expunged) co_return pass(expunged);
  NumberSet uids;
  if (expunged->complete) {
    uids = std::move(expunged->uids);
    if (known.known_uids) uids = uids.intersect(*known.known_uids);
    co_return uids;
  }
  // The history does not reach back that far: report every UID that the client may know and that
  // does not exist.
  if (known.known_uids) {
    uids = *known.known_uids;
  } else if (mailbox.head.uid_next.value > 1) {
    uids.add(1, mailbox.head.uid_next.value - 1);
  }
  uids = uids.subtract(uids_of(mailbox.contents->members(), 0));
  // RFC 7162 §3.2.5.2: messages up to the client's matching samples vanished before, or not at all.
  if (known.match && !known.match->uids.empty()) {
    std::uint32_t below = 0;
    auto seqnums = known.match->seqnums.ranges().begin();
    std::uint32_t seqnum = seqnums == known.match->seqnums.ranges().end() ? 0 : seqnums->first;
    for (const auto& range : known.match->uids.ranges()) {
      for (std::uint64_t uid = range.first; uid <= range.last && seqnum != 0; ++uid) {
        const auto at =
            mailbox.contents->members().position_of(Uid(static_cast<std::uint32_t>(uid)));
        if (!at || *at + 1 != seqnum) co_return uids.intersect(from_uid(Uid(below + 1)));
        below = static_cast<std::uint32_t>(uid);
        if (seqnum < seqnums->last) {
          ++seqnum;
        } else {
          ++seqnums;
          seqnum = seqnums == known.match->seqnums.ranges().end() ? 0 : seqnums->first;
        }
      }
    }
    uids = uids.intersect(from_uid(Uid(below + 1)));
  }
  co_return uids;
}

Task<Status> resynchronise(Session& session, const store::Mailbox& mailbox,
                           const wi::QresyncParameter& known) {
  if (known.uid_validity != mailbox.head.uid_validity) co_return Status();
  auto gone = co_await vanished(session, mailbox, known);
  if (!gone) co_return pass(gone);
  {
    auto w = session.writer();
    wi::format_vanished(w, wi::Vanished::earlier, *gone);
  }
  RowWriter rows(session, mailbox);
  rows.with_uid = true;
  mailbox.contents->for_each_changed(
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
  const store::MailboxPtr found = session.account->published()->find(command.mailbox);
  if (found == nullptr) co_return Reply::no("no such mailbox", wi::CodeName::nonexistent);
  auto mailbox = co_await service::newest(session.account, found->id);
  if (!mailbox) co_return session.refuse(mailbox.error());
  if (command.condstore || command.qresync) session.enable_condstore();
  session.selected = open(session, **mailbox, command);
  say_state(session, **mailbox);
  if (command.qresync) {
    auto done = co_await resynchronise(session, **mailbox, *command.qresync);
    if (!done) {
      session.selected.reset();
      co_return session.refuse(done.error());
    }
  }
  session.selected->said_modseq = false;
  if (session.selected->is_read_only()) co_return Reply::ok("examined", wi::CodeName::read_only);
  co_return Reply::ok("selected", wi::CodeName::read_write);
}

}  // namespace posthorn::server::imap
