#include "server/imap/notify/tell_account.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "server/imap/list_line.h"
#include "server/imap/notify/notifications.h"
#include "service/account_news.h"

namespace posthorn::server::imap {
namespace {

namespace wi = wire::imap;
using async::Task;
using service::ChangedMailbox;
using service::ChangedName;
using wi::NotifyEvent;
using wi::NotifyEvents;

bool is_selected(const Session& session, MailboxId id) {
  return session.selected && session.selected->mailbox.id == id &&
         session.selected->mailbox.account == session.account;
}

/// RFC 5465 §5.4, §5.5. The old name of a mailbox decides as well.
bool is_wanted(const Session& session, const ChangedName& name, const store::AccountState& before,
               const store::AccountState& now) {
  const Notifications& notify = *session.notifications;
  NotifyEvents events = notify.events_of(name.name, before, now);
  if (!name.old_name.empty()) events.add(notify.events_of(name.old_name, before, now));
  const bool names = events.has(NotifyEvent::mailbox_name);
  const bool wanted =
      (name.mailbox && names) ||
      (name.subscription && events.has(NotifyEvent::subscription_change) && !(name.moved && names));
  return wanted && !notify.is_own(name, now);
}

void say_name(Session& session, const ChangedName& name, const store::AccountState& now) {
  const service::ListEntry entry = service::list_entry(now, name.name);
  wi::ListResponse response;
  response.kind = wi::ListKind::list_extended;
  response.attributes = list_attributes(session, entry);
  if (entry.subscribed) response.attributes |= bit(wi::ListAttribute::subscribed);
  response.mailbox = name.name;
  response.old_name = name.old_name;
  auto w = session.writer();
  wi::format_list(w, response);
}

/// What is to be told of a mailbox; nothing if `events` do not cover what has changed. A mailbox
/// that took the place of another one is told of in any case, for its UIDVALIDITY (RFC 5465 §5.1).
std::optional<wi::StatusValues> news_of(const Session& session, const ChangedMailbox& changed,
                                        const store::MailboxPtr& replaced, NotifyEvents events) {
  const store::Actor reader = session.caller().actor;
  const store::FlagsView now(*changed.after, reader, session.account->id());
  const store::MailboxHead& head = changed.after->head;
  store::MailboxHead was;
  was.uid_validity = head.uid_validity;
  std::uint32_t was_unseen = 0;
  ModSeq was_modseq = now.highest_modseq();
  if (changed.before) {
    const store::FlagsView before(*changed.before, reader, session.account->id());
    was = changed.before->head;
    was_unseen = before.unseen();
    was_modseq = before.highest_modseq();
  }
  const bool members = replaced || was.uid_next != head.uid_next || was.messages != head.messages;
  const bool flags = events.has(NotifyEvent::flag_change) &&
                     (was_unseen != now.unseen() ||
                      (session.enabled.condstore && was_modseq != now.highest_modseq()));
  if (!flags && !(members && events.has(NotifyEvent::message_new))) return std::nullopt;
  wi::StatusValues values;
  values.uid_validity = head.uid_validity;
  if (members) {
    values.messages = head.messages;
    values.uid_next = head.uid_next;
  }
  if (flags && was_unseen != now.unseen()) values.unseen = now.unseen();
  // RFC 5465 §5.1, §5.2, §5.3
  if (session.enabled.condstore) values.highest_modseq = now.highest_modseq();
  return values;
}

/// Returns whether messages have arrived. Of a message that was moved, the mailbox with it is told
/// before the one without, so that it is never gone from both.
bool has_arrivals(const ChangedMailbox& changed) {
  return !changed.before || changed.before->head.uid_next != changed.after->head.uid_next;
}

/// Returns whether the client knows already what has changed. The MODSEQ of its own messages it
/// does not know.
bool is_own(const Session& session, const ChangedMailbox& changed, NotifyEvents events) {
  if (session.enabled.condstore && events.has(NotifyEvent::flag_change)) return false;
  return session.notifications->is_own(changed);
}

Task<Status> flush_if_full(Session& session) {
  if (!session.connection.is_full()) co_return Status();
  co_return co_await session.connection.flush();
}

Task<Status> tell_names(Session& session, const std::vector<ChangedName>& names,
                        const store::AccountState& before, const store::AccountState& now) {
  for (const ChangedName& name : names) {
    if (is_wanted(session, name, before, now)) say_name(session, name, now);
    if (auto flushed = co_await flush_if_full(session); !flushed) co_return flushed;
  }
  co_return Status();
}

Task<Status> tell_mailboxes(Session& session, const std::vector<ChangedMailbox>& mailboxes,
                            const store::AccountState& before, const store::AccountState& now) {
  for (const ChangedMailbox& changed : mailboxes) {
    // The selected mailbox is told of by its own rules, or not at all (RFC 5465 §6).
    if (is_selected(session, changed.after->id)) continue;
    const NotifyEvents events = session.notifications->events_of(changed.after->name, now, now);
    if (!events.has_message_event() || is_own(session, changed, events)) continue;
    const store::MailboxPtr replaced = changed.before ? nullptr : before.find(changed.after->name);
    if (const auto values = news_of(session, changed, replaced, events)) {
      auto w = session.writer();
      wi::format_status(w, changed.after->name, *values);
    }
    if (auto flushed = co_await flush_if_full(session); !flushed) co_return flushed;
  }
  co_return Status();
}

}  // namespace

void overflow(Session& session) {
  session.notifications.reset();
  session.say(wi::Condition::ok, wi::CodeName::notification_overflow,
              "There is too much to tell; notifications have ended");
}

Task<Status> tell_account(Session& session) {
  if (!session.notifications) co_return Status();
  Notifications& notify = *session.notifications;
  const store::StatePtr now = session.account->published();
  const store::StatePtr before = std::exchange(notify.told, now);
  if (before == now || notify.groups().empty()) {
    notify.forget_own(session.selected ? std::optional(session.selected->mailbox.id)
                                       : std::nullopt);
    co_return Status();
  }
  const auto names = service::changed_names(*before, *now);
  auto mailboxes = service::changed_mailboxes(*before, *now);
  if (names.size() + mailboxes.size() > Notifications::kMostAtOnce) {
    overflow(session);
    co_return Status();
  }
  if (auto told = co_await tell_names(session, names, *before, *now); !told) co_return told;
  (void)std::ranges::partition(mailboxes, has_arrivals);
  if (auto told = co_await tell_mailboxes(session, mailboxes, *before, *now); !told) co_return told;
  notify.forget_own(session.selected ? std::optional(session.selected->mailbox.id) : std::nullopt);
  co_return Status();
}

Task<Status> say_status_of_groups(Session& session) {
  const Notifications& notify = *session.notifications;
  std::vector<service::MailboxGroup> groups;
  for (const Notifications::Group& group : notify.groups())
    if (group.events.has_message_event()) groups.push_back(group.mailboxes);
  const store::StatePtr state = notify.told;
  for (const service::GroupMember& member : service::mailboxes_of(session.caller(), groups)) {
    const store::MailboxPtr mailbox = state->find(member.mailbox.id);
    if (!mailbox || is_selected(session, mailbox->id)) continue;
    const NotifyEvents events = notify.events_of(member.name, *state, *state);
    wi::StatusValues values;
    values.messages = mailbox->head.messages;
    values.uid_next = mailbox->head.uid_next;
    values.uid_validity = mailbox->head.uid_validity;
    if (events.has(NotifyEvent::flag_change) && session.is_offered("CONDSTORE"))
      values.highest_modseq = member.mailbox.flags(*mailbox).highest_modseq();
    {
      auto w = session.writer();
      wi::format_status(w, mailbox->name, values);
    }
    if (auto flushed = co_await flush_if_full(session); !flushed) co_return flushed;
  }
  co_return Status();
}

}  // namespace posthorn::server::imap
