#include "server/imap/notify/tell_account.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "server/imap/list_line.h"
#include "server/imap/notify/notifications.h"
#include "server/imap/notify/tell_others.h"
#include "service/account_news.h"
#include "service/sharing/shared_name.h"
#include "wire/imap/response/format_metadata.h"

namespace posthorn::server::imap {
namespace {

namespace wi = wire::imap;
using async::Task;
using service::ChangedMailbox;
using service::ChangedName;
using wi::NotifyEvent;
using wi::NotifyEvents;
using Whose = Notifications::Whose;

/// Returns whether a name is of a mailbox of somebody else, or of a level above such mailboxes.
bool is_of_others(std::string_view name, const AccountNews& news) {
  return news.whose == Whose::others ||
         (service::is_in_shared_namespace(name) && !news.now->names->contains(name) &&
          !news.before->names->contains(name));
}

bool is_selected(const Session& session, const store::AccountPtr& account, MailboxId id) {
  return session.selected && session.selected->mailbox.id == id &&
         session.selected->mailbox.account == account;
}

std::optional<Notifications::Place> selected_place(const Session& session) {
  if (!session.selected) return std::nullopt;
  const service::MailboxRef& mailbox = session.selected->mailbox;
  return Notifications::Place{mailbox.account->id(), mailbox.id};
}

/// RFC 5465 §5.4, §5.5. The old name of a mailbox decides as well.
bool is_wanted(const Session& session, const ChangedName& name, const AccountNews& news) {
  const Notifications& notify = *session.notifications;
  // The own account has the subscriptions of others' mailboxes.
  const auto whose = is_of_others(name.name, news) ? Whose::others : Whose::own;
  NotifyEvents events = notify.events_of(name.name, *news.before, *news.now, whose);
  if (!name.old_name.empty())
    events.add(notify.events_of(name.old_name, *news.before, *news.now, whose));
  const bool names = events.has(NotifyEvent::mailbox_name);
  const bool wanted =
      (name.mailbox && names) ||
      (name.subscription && events.has(NotifyEvent::subscription_change) && !(name.moved && names));
  return wanted && !notify.is_own(name, *news.now);
}

void say_name(Session& session, const ChangedName& name, const AccountNews& news) {
  const bool of_others = is_of_others(name.name, news);
  const service::ListEntry entry =
      of_others ? entry_of_other(session, name.name) : service::list_entry(*news.now, name.name);
  wi::ListResponse response;
  response.kind = wi::ListKind::list_extended;
  response.attributes = list_attributes(session, entry);
  if (entry.subscribed) response.attributes |= bit(wi::ListAttribute::subscribed);
  // RFC 5465 §5.9.
  if (of_others && entry.mailbox == nullptr && has_other_right(session, name.name))
    response.attributes |= bit(wi::ListAttribute::no_access);
  response.mailbox = name.name;
  response.old_name = name.old_name;
  auto w = session.writer();
  wi::format_list(w, response);
}

/// What is to be told of a mailbox; nothing if `events` do not cover what has changed. A mailbox
/// that took the place of another one is told of in any case, for its UIDVALIDITY (RFC 5465 §5.1).
std::optional<wi::StatusValues> news_of(const Session& session, const AccountId& owner,
                                        const ChangedMailbox& changed,
                                        const store::MailboxPtr& replaced, NotifyEvents events) {
  const store::Actor reader = session.caller().actor;
  const store::FlagsView now(*changed.after, reader, owner);
  const store::MailboxHead& head = changed.after->head;
  store::MailboxHead was;
  was.uid_validity = head.uid_validity;
  std::uint32_t was_unseen = 0;
  ModSeq was_modseq = now.highest_modseq();
  if (changed.before) {
    const store::FlagsView before(*changed.before, reader, owner);
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
bool is_own(const Session& session, const AccountId& account, const ChangedMailbox& changed,
            NotifyEvents events) {
  if (session.enabled.condstore && events.has(NotifyEvent::flag_change)) return false;
  return session.notifications->is_own(account, changed);
}

Task<Status> flush_if_full(Session& session) {
  if (!session.connection.is_full()) co_return Status();
  co_return co_await session.connection.flush();
}

Task<Status> tell_names(Session& session, const AccountNews& news) {
  for (const ChangedName& name : news.names) {
    if (is_wanted(session, name, news)) say_name(session, name, news);
    if (auto flushed = co_await flush_if_full(session); !flushed) co_return flushed;
  }
  co_return Status();
}

void tell_mailbox(Session& session, const AccountNews& news, const AccountNews::Changed& one) {
  const ChangedMailbox& changed = one.mailbox;
  const AccountId& account = news.account->id();
  // The selected mailbox is told of by its own rules, or not at all (RFC 5465 §6).
  if (is_selected(session, news.account, changed.after->id)) return;
  const NotifyEvents events =
      session.notifications->events_of(one.name, *news.now, *news.now, news.whose);
  if (!events.has_message_event() || is_own(session, account, changed, events)) return;
  const store::MailboxPtr replaced = changed.before ? nullptr : news.before->find(one.name);
  if (const auto values = news_of(session, account, changed, replaced, events)) {
    auto w = session.writer();
    wi::format_status(w, one.name, *values);
  }
}

/// Tells of the mailboxes for which `has_arrivals` returns `arrivals`.
Task<Status> tell_mailboxes(Session& session, const AccountNews& news, bool arrivals) {
  for (const AccountNews::Changed& one : news.mailboxes) {
    if (has_arrivals(one.mailbox) == arrivals) tell_mailbox(session, news, one);
    if (auto flushed = co_await flush_if_full(session); !flushed) co_return flushed;
  }
  co_return Status();
}

/// RFC 5465 §5.6. A client that has enabled METADATA (RFC 5464 §4.4.2) need not name the event.
bool wants_annotations(const Session& session, NotifyEvents events) {
  return events.has(NotifyEvent::mailbox_metadata_change) ||
         (session.enabled.metadata && events != NotifyEvents());
}

/// Names of entries only, for the client to ask.
void tell_annotations(Session& session, const AccountNews& news,
                      const AccountNews::Annotated& one) {
  const Notifications& notify = *session.notifications;
  if (!wants_annotations(session, notify.events_of(one.name, *news.now, *news.now, news.whose)))
    return;
  const Notifications::Place place{news.account->id(), one.mailbox};
  std::vector<std::string_view> entries;
  for (const service::MetadataEntry& entry : one.entries)
    if (!notify.own_entries.has(place, entry.name, entry.value)) entries.push_back(entry.name);
  if (entries.empty()) return;
  auto w = session.writer();
  wi::format_metadata_changed(w, one.name, entries);
}

Task<Status> tell_annotations(Session& session, const AccountNews& news) {
  for (const AccountNews::Annotated& one : news.annotated) {
    tell_annotations(session, news, one);
    if (auto flushed = co_await flush_if_full(session); !flushed) co_return flushed;
  }
  co_return Status();
}

/// What has changed in the user's own account.
AccountNews own_news(const Session& session, store::StatePtr before, store::StatePtr now) {
  AccountNews news{session.account, Whose::own, std::move(before), std::move(now)};
  if (news.before == news.now || session.notifications->groups().empty()) return news;
  news.names = service::changed_names(*news.before, *news.now);
  for (ChangedMailbox& changed : service::changed_mailboxes(*news.before, *news.now)) {
    std::string name = changed.after->name;
    news.mailboxes.push_back({std::move(changed), std::move(name)});
  }
  return news;
}

Task<Status> tell(Session& session, const std::vector<AccountNews>& all) {
  for (const AccountNews& news : all)
    if (auto told = co_await tell_names(session, news); !told) co_return told;
  for (const bool arrivals : {true, false})
    for (const AccountNews& news : all)
      if (auto told = co_await tell_mailboxes(session, news, arrivals); !told) co_return told;
  for (const AccountNews& news : all)
    if (auto told = co_await tell_annotations(session, news); !told) co_return told;
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
  std::vector<AccountNews> all;
  all.push_back(own_news(session, before, now));
  auto others = co_await news_of_others(session);
  std::size_t count = all.front().names.size() + all.front().mailboxes.size();
  if (others) {
    for (AccountNews& news : *others) {
      count += news.names.size() + news.mailboxes.size() + news.annotated.size();
      all.push_back(std::move(news));
    }
  }
  // That the mailboxes of others cannot be told of must not pass unnoticed (RFC 5465 §5.8).
  if (!others || count > Notifications::kMostAtOnce) {
    overflow(session);
    co_return Status();
  }
  if (auto told = co_await tell(session, all); !told) co_return told;
  notify.forget_own(selected_place(session));
  co_return Status();
}

Task<Status> say_status_of_groups(Session& session) {
  const Notifications& notify = *session.notifications;
  std::vector<service::MailboxGroup> groups;
  for (const Notifications::Group& group : notify.groups())
    if (group.events.has_message_event()) groups.push_back(group.mailboxes);
  const store::StatePtr state = notify.told;
  const auto say = [&](const std::string& name, const store::Mailbox& mailbox, NotifyEvents events,
                       const AccountId& owner) {
    wi::StatusValues values;
    values.messages = mailbox.head.messages;
    values.uid_next = mailbox.head.uid_next;
    values.uid_validity = mailbox.head.uid_validity;
    if (events.has(NotifyEvent::flag_change) && session.is_offered("CONDSTORE"))
      values.highest_modseq =
          store::FlagsView(mailbox, session.caller().actor, owner).highest_modseq();
    auto w = session.writer();
    wi::format_status(w, name, values);
  };
  for (const service::GroupMember& member : service::mailboxes_of(session.caller(), groups)) {
    const store::MailboxPtr mailbox = state->find(member.mailbox.id);
    if (!mailbox || is_selected(session, session.account, mailbox->id)) continue;
    say(mailbox->name, *mailbox, notify.events_of(member.name, *state, *state),
        session.account->id());
    if (auto flushed = co_await flush_if_full(session); !flushed) co_return flushed;
  }
  struct Shown {
    std::string name;
    store::MailboxPtr mailbox;
    NotifyEvents events;
    AccountId owner;
  };
  std::vector<Shown> of_others;
  for_each_of_others(session, [&](const store::AccountPtr& account, const std::string& name,
                                  const store::MailboxPtr& mailbox) {
    const NotifyEvents events = notify.events_of(name, *state, *state, Whose::others);
    if (events.has_message_event() && !is_selected(session, account, mailbox->id))
      of_others.push_back({name, mailbox, events, account->id()});
  });
  for (const Shown& one : of_others) {
    say(one.name, *one.mailbox, one.events, one.owner);
    if (auto flushed = co_await flush_if_full(session); !flushed) co_return flushed;
  }
  co_return Status();
}

}  // namespace posthorn::server::imap
