#include <algorithm>

#include "store/change/change.h"

namespace posthorn::store {

Outbox& Change::outbox() {
  if (!own_outbox_) draft_.outbox = own_outbox_ = std::make_shared<Outbox>(*draft_.outbox);
  return *own_outbox_;
}

Ordinal Change::take_email(const NewEmail& email) {
  const Ordinal ordinal = draft_.counters.next_ordinal;
  ++draft_.counters.next_ordinal;
  emails_.emplace_back(ordinal, email);
  return ordinal;
}

Result<Ordinal> Change::keep_email(const NewEmail& email) {
  if (email.size > UINT32_MAX) return fail(ErrorKind::too_big, "The message is too large");
  const Ordinal ordinal = take_email(email);
  // The message counts as released until an entry names it, because the sweep finds dead messages
  // through the released ones.
  released_.push_back(ordinal);
  return ordinal;
}

Result<OutboxId> Change::enqueue(OutboxEntry entry) {
  const OutboxId id(draft_.seq.value);
  if (entry.recipients.empty() || entry.recipients.size() > kMaxOutboxRecipients)
    return fail(ErrorKind::bad_argument, "A message has between 1 and 10,000 recipients");
  if (entry.email.value == 0 || entry.email >= draft_.counters.next_ordinal)
    return fail(ErrorKind::server_bug, "An outbox entry has no message");
  if (draft_.outbox->size() >= kMaxOutboxEntries)
    return fail(ErrorKind::limit, "Too many messages of this account are waiting to be sent");
  if (draft_.outbox->contains(id))
    return fail(ErrorKind::server_bug, "A change can queue only one message");
  entry.id = id;
  entry.page = PageNumber(0);
  entry.claimed_by = node_;
  entry.claimed_until = node_ == 0 ? 0 : now_.seconds + OutboxEntry::kClaim;
  std::erase(released_, entry.email);
  outbox()[id] = std::make_shared<OutboxEntry>(std::move(entry));
  outbox_changed_.insert(id);
  return id;
}

Status Change::update_outbox(OutboxEntry entry) {
  const auto it = draft_.outbox->find(entry.id);
  if (it == draft_.outbox->end())
    return fail(ErrorKind::not_found, "The message is no longer in the outbox");
  const OutboxEntry& before = *it->second;
  entry.email = before.email;
  entry.page = before.page;
  for (OutboxRecipient& recipient : entry.recipients)
    if (recipient.last_status.size() > kMaxOutboxStatus)
      recipient.last_status.resize(kMaxOutboxStatus);
  if (entry == before) return {};
  const OutboxId id = entry.id;
  outbox()[id] = std::make_shared<OutboxEntry>(std::move(entry));
  outbox_changed_.insert(id);
  return {};
}

Status Change::drop_outbox(OutboxId id) {
  const auto it = draft_.outbox->find(id);
  if (it == draft_.outbox->end())
    return fail(ErrorKind::not_found, "The message is no longer in the outbox");
  released_.push_back(it->second->email);
  outbox().erase(id);
  outbox_changed_.insert(id);
  return {};
}

void Change::set_usage(SendingUsage usage) {
  if (usage == draft_.usage) return;
  draft_.usage = std::move(usage);
  usage_changed_ = true;
}

void Change::set_sending(SendingSettings settings) {
  if (settings == *draft_.sending) return;
  draft_.sending = std::make_shared<SendingSettings>(std::move(settings));
  sending_changed_ = true;
}

}  // namespace posthorn::store
