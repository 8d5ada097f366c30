#include "server/imap/notify/notifications.h"

#include <algorithm>
#include <utility>

#include "service/sharing/shared_name.h"

namespace posthorn::server::imap {
namespace {

namespace wi = wire::imap;
using service::MailboxGroup;
using service::Telling;
using wi::NotifyEvent;
using wi::NotifyEvents;

bool is_below(std::string_view name, std::string_view parent) {
  return name.size() > parent.size() && name.starts_with(parent) &&
         name[parent.size()] == store::kDelimiter;
}

}  // namespace

MailboxGroup group_of(wi::MailboxFilter filter) {
  using From = wi::MailboxFilter::Kind;
  using To = MailboxGroup::Kind;
  MailboxGroup group;
  // Of a mailbox of somebody else, also as it is told (RFC 9051 §5.1 for INBOX).
  for (std::size_t i = 0, n = filter.names.size(); i < n; ++i)
    if (const auto shared = service::shared_name_of(filter.names[i]))
      filter.names.push_back(service::shared_name(*shared));
  group.names = service::NameSet(std::move(filter.names));
  switch (filter.kind) {
    case From::inboxes: group.kind = To::inboxes; break;
    case From::subscribed: group.kind = To::subscribed; break;
    case From::subtree: group.kind = To::subtree; break;
    case From::subtree_one: group.kind = To::subtree_one; break;
    case From::mailboxes: group.kind = To::mailboxes; break;
    default: group.kind = To::personal; break;
  }
  return group;
}

Notifications::Notifications(std::vector<wi::NotifyGroup> groups) {
  for (wi::NotifyGroup& group : groups) add(std::move(group));
}

void Notifications::add(wi::NotifyGroup group) {
  if (!group.mailboxes.is_of_selected()) {
    groups_.push_back({group_of(std::move(group.mailboxes)), group.events});
    return;
  }
  delays_expunges_ = group.mailboxes.kind == wi::MailboxFilter::Kind::selected_delayed;
  fetch_ = std::move(group.fetch);
  if (group.events.has(NotifyEvent::message_new))
    of_selected_ |= bit(Telling::arrivals) | bit(Telling::expunges);
  if (group.events.has(NotifyEvent::flag_change)) of_selected_ |= bit(Telling::flags);
}

NotifyEvents Notifications::events_of(std::string_view name, const store::AccountState& before,
                                      const store::AccountState& now, Whose whose) const {
  NotifyEvents events;
  for (const Group& group : groups_)
    if (group.mailboxes.has(name, *now.subscriptions, whose) ||
        group.mailboxes.has(name, *before.subscriptions, whose))
      events.add(group.events);
  return events;
}

bool Notifications::wants_any(NotifyEvent event) const {
  return std::ranges::any_of(groups_, [&](const Group& group) { return group.events.has(event); });
}

bool Notifications::reaches_others() const {
  return std::ranges::any_of(
      groups_, [](const Group& group) { return service::reaches_others(group.mailboxes); });
}

void Notifications::note_own(OwnName own) {
  if (own_names_.size() < kMostOwn) own_names_.push_back(std::move(own));
}

void Notifications::note_own(const Place& mailbox, const NumberSet& uids) {
  NumberSet& own = own_arrivals_[mailbox];
  own = own.unite(uids);
}

bool Notifications::is_own(const service::ChangedName& changed,
                           const store::AccountState& now) const {
  return std::ranges::any_of(own_names_, [&](const OwnName& own) {
    if (own.name != changed.name) {
      return (own.reach != OwnName::Reach::itself && is_below(own.name, changed.name)) ||
             (own.reach == OwnName::Reach::tree && is_below(changed.name, own.name));
    }
    const bool exists = now.names->contains(changed.name);
    const bool subscribed = now.subscriptions->contains(changed.name);
    return (!changed.mailbox || own.exists == exists) &&
           (!changed.subscription || own.subscribed == subscribed);
  });
}

bool Notifications::is_own(const AccountId& account, const service::ChangedMailbox& changed) const {
  const auto own = own_arrivals_.find({account, changed.after->id});
  if (own == own_arrivals_.end() || !changed.before) return false;
  const store::MailboxHead& before = changed.before->head;
  const store::MailboxHead& now = changed.after->head;
  const std::uint64_t added = own->second.count();
  return now.uid_next.value - before.uid_next.value == added &&
         std::uint64_t{before.messages} + added == now.messages;
}

NumberSet Notifications::take_own_arrivals(const Place& mailbox) {
  auto own = own_arrivals_.extract(mailbox);
  return own ? std::move(own.mapped()) : NumberSet();
}

void Notifications::forget_own(const std::optional<Place>& selected) {
  own_names_.clear();
  own_entries.clear();
  std::erase_if(own_arrivals_, [&](const auto& own) { return own.first != selected; });
}

}  // namespace posthorn::server::imap
