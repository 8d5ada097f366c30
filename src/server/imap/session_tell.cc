#include <utility>

#include "server/imap/context/tell_contexts.h"
#include "server/imap/fetch/fetch_new.h"
#include "server/imap/fetch/fetch_row.h"
#include "server/imap/metadata_answer.h"
#include "server/imap/notify/tell_account.h"
#include "server/imap/session.h"
#include "service/messages.h"

namespace posthorn::server::imap {
namespace {

namespace wi = wire::imap;
using async::Task;
using service::Right;
using service::Rights;
using service::Updates;
using wi::Condition;

/// Sends the removals from the last message to the first, so that each number is correct when the
/// client reads it (RFC 9051 §7.5.1); or as VANISHED (RFC 7162 §3.2.10, RFC 9586 §3.3).
void say_gone(Session& session, const Updates& updates) {
  auto w = session.writer();
  if (session.enabled.qresync || session.enabled.uid_only) {
    wi::format_vanished(w, wi::Vanished::now, updates.gone_uids);
  } else {
    for (auto it = updates.gone.rbegin(); it != updates.gone.rend(); ++it)
      wi::format_expunge(w, *it);
  }
  Selected& selected = *session.selected;
  selected.recent = selected.recent.subtract(updates.gone_uids);
  selected.saved_result = selected.saved_result.subtract(updates.gone_uids);  // RFC 5182 §2.1
  selected.said_removal = true;
}

void say_arrived(Session& session, const Updates& updates, const store::Mailbox& now) {
  Selected& selected = *session.selected;
  auto w = session.writer();
  wi::format_exists(w, *updates.exists);
  if (session.enabled.rev2) return;
  const Uid first = selected.mailbox.account->recent_from(now, !selected.is_read_only());
  NumberSet recent;
  recent.add(std::max(first.value, 1U), UINT32_MAX);
  selected.recent = selected.recent.unite(recent.intersect(updates.arrived));
  wi::format_recent(w, static_cast<std::uint32_t>(selected.recent.count()));
}

/// The rights by which the user can change flags.
Rights may_change(const Selected& selected) {
  if (selected.is_read_only()) return {};
  return selected.mailbox.rights.without(Rights::all().without(service::kFlagRights));
}

/// Sends what the client wants to know of new messages, except of those that it has added itself
/// (RFC 5465 §5.2).
Task<Status> say_new(Session& session, NumberSet arrived, const store::MailboxPtr& now) {
  Notifications& notify = *session.notifications;
  const service::MailboxRef& mailbox = session.selected->mailbox;
  arrived = arrived.subtract(notify.take_own_arrivals({mailbox.account->id(), mailbox.id}));
  if (notify.fetch().empty() || arrived.empty()) co_return Status();
  if (arrived.count() > Notifications::kMostAtOnce) {
    overflow(session);
    co_return Status();
  }
  wi::FetchCommand command;
  command.items = notify.fetch();
  co_return co_await fetch_new(session, std::move(command), now, arrived);
}

}  // namespace

Task<void> Session::tell_news() {
  if (!notifications) co_return;
  // While a part of a command has been received, its message numbers must keep their meaning.
  const bool numbers_stay = connection.has_input() || notifications->delays_expunges();
  service::Tellings allowed = bit(service::Telling::arrivals) | bit(service::Telling::flags);
  if (!numbers_stay) allowed = service::kTellAll;
  auto told = co_await tell(allowed, wi::Numbering::seqnum);
  if (told && !over_) told = co_await tell_account(*this);
  if (told && !over_) tell_metadata(*this);
  if (!told) over_ = true;
}

void Session::tell_keywords(const store::Mailbox& now) {
  const bool fresh = selected->cursor.take_new_keywords(now);
  const bool other_rights = may_change(*selected) != selected->told_rights;
  if (!fresh && !other_rights) return;
  if (!selected->is_read_only()) return say_flags(now);
  auto w = writer();
  wi::format_flags(w, kAllSystemFlags, now.keywords->names());
}

void Session::say_flags(const store::Mailbox& now) {
  const Rights rights = may_change(*selected);
  auto w = writer();
  wi::format_flags(w, kAllSystemFlags, now.keywords->names());
  wi::code::PermanentFlags code;
  code.system = service::flags_to_change(rights);
  code.any = rights.has(Right::write);
  if (code.any) code.keywords.assign(now.keywords->names().begin(), now.keywords->names().end());
  wi::format_untagged(w, Condition::ok, code, "Permanent flags");
  selected->told_rights = rights;
}

bool Session::check_selected() {
  service::MailboxRef& mailbox = selected->mailbox;
  if (mailbox.published() == nullptr) {
    bye(wi::CodeName::nonexistent, "The selected mailbox was deleted");
    return false;
  }
  mailbox.rights = service::rights_now(caller(), mailbox);
  if (mailbox.rights.has(Right::read)) return true;
  if (mailbox.rights.has(Right::lookup)) {
    bye(wi::CodeName::no_perm, "You may no longer read the selected mailbox");
  } else {
    bye(wi::CodeName::nonexistent, "The selected mailbox was deleted");
  }
  return false;
}

Task<Status> Session::tell(service::Tellings allowed, wi::Numbering numbering) {
  if (!selected || allowed == 0) co_return Status();
  if (notifications) allowed &= notifications->of_selected();
  if (allowed != 0) co_return co_await tell_regardless(allowed, numbering);
  check_selected();
  co_return Status();
}

Task<Status> Session::tell_regardless(service::Tellings allowed, wi::Numbering numbering) {
  if (!selected || !check_selected()) co_return Status();
  store::MailboxPtr now = selected->mailbox.published();
  if (now == nullptr) co_return Status();
  if (may_change(*selected) != selected->told_rights) say_flags(*now);
  const bool has_contexts = selected->contexts != nullptr;
  const bool is_behind = selected->cursor.is_behind(selected->mailbox.flags(*now)) ||
                         (has_contexts && selected->contexts->is_behind(
                                              selected->mailbox.flags(*now), selected->told()));
  if (!is_behind) co_return Status();
  auto loaded = co_await service::newest(selected->mailbox);
  if (!loaded) co_return Status();  // The changes stay untold; the next command tries again.
  now = std::move(*loaded);
  if (has_contexts) tell_contexts_of_removals(*this, *now);  // In the numbers before EXPUNGE.
  const Updates updates = selected->cursor.advance(selected->mailbox.flags(*now), allowed);
  tell_keywords(*now);  // Before any response that may use them.
  if (!updates.gone.empty()) say_gone(*this, updates);
  if (updates.exists) say_arrived(*this, updates, *now);

  if (updates.exists && notifications) {
    if (auto said = co_await say_new(*this, updates.arrived, now); !said) co_return said;
  }

  RowWriter rows(*this, *now);
  // RFC 5465 §5.1 for NOTIFY.
  rows.with_uid = numbering == wi::Numbering::uid || enabled.condstore || notifications != nullptr;
  for (const Updates::Changed& changed : updates.changed) {
    rows.write_flags(changed.seqnum, changed.uid, changed.flags);
    if (connection.is_full()) {
      if (auto flushed = co_await connection.flush(); !flushed) co_return pass(flushed);
    }
  }
  if (has_contexts) co_return co_await tell_contexts(*this, now);
  co_return Status();
}

}  // namespace posthorn::server::imap
