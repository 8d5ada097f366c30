#include "relay/local_accounts.h"

#include "relay/envelope.h"
#include "relay/outgoing_message.h"
#include "service/delivery/deliver.h"
#include "service/delivery/trace.h"
#include "store/change/upload.h"
#include "store/store.h"
#include "text/ascii.h"
#include "wire/smtp/address.h"

namespace posthorn::relay {

using client::SmtpOutcome;
using wire::smtp::reply;

namespace {

service::EnvelopeAddress address_of(const std::string& written) {
  const auto parsed = wire::smtp::parse_address(written, wire::smtp::BareNames::any);
  if (!parsed) return {written, "", written};
  return {parsed->local_part, parsed->domain, written};
}

wire::smtp::Reply reply_of(const Error& error) {
  switch (error.kind) {
    // RFC 3463 §3.2, §3.3, §3.4.
    case ErrorKind::not_found: return reply(550, {5, 1, 1}, "No such user here");
    case ErrorKind::no_permission: return reply(550, {5, 2, 1}, "The mailbox does not accept mail");
    case ErrorKind::over_quota: return reply(552, {5, 2, 2}, "The mailbox is full");
    case ErrorKind::too_big: return reply(552, {5, 3, 4}, "The message is too large");
    case ErrorKind::limit: return reply(452, {4, 2, 0}, "The mailbox cannot accept more messages");
    default: return reply(451, {4, 3, 0}, "Temporary server error");
  }
}

Tried tried(std::size_t recipient, const Status& status) {
  Tried out{.recipient = recipient, .is_local = true};
  out.reply = status ? reply(250, {2, 0, 0}, "Delivered") : reply_of(status.error());
  out.fate = out.reply.code < 300   ? SmtpOutcome::Fate::accepted
             : out.reply.code < 500 ? SmtpOutcome::Fate::retry
                                    : SmtpOutcome::Fate::refused;
  return out;
}

async::Task<Status> take_in(const OutgoingMessage& message, store::Upload& upload) {
  const auto source = message.source();
  while (true) {
    auto octets = co_await source->next();
    if (!octets) co_return pass(octets);
    if (octets->empty()) co_return Status();
    Status fed = co_await upload.feed(*octets);
    if (!fed) co_return fed;
  }
}

/// Recipients that were found. An address may lead to several accounts.
struct Found {
  std::vector<service::Recipient> recipients;
  struct Range {
    std::size_t index = 0;  ///< In the entry.
    std::size_t count = 0;  ///< Of accounts, which follow each other.
  };
  std::vector<Range> ranges;
};

async::Task<std::vector<Status>> put(store::AccountPtr sender, store::OutboxEntryPtr entry,
                                     const Found& found) {
  std::vector<Status> outcomes(found.recipients.size());
  auto message = co_await OutgoingMessage::open(sender, entry);
  store::Upload upload(sender->store(), sender->id());
  Status read = message ? co_await take_in(*message, upload) : Status(pass(message));
  if (!read) {
    // Whatever the error, it is not the recipients' fault.
    for (Status& outcome : outcomes) outcome = fail(ErrorKind::io, read.error().text);
    co_return outcomes;
  }
  const std::string return_path = "<" + entry->return_path + ">";
  service::Delivery delivery;
  delivery.recipients = found.recipients;
  delivery.now = sender->store().clock().now();
  delivery.session = session_of(*entry);
  delivery.fields = [&](const service::Recipient& recipient) {
    return service::delivery_fields(return_path, recipient.address);
  };
  co_return co_await service::deliver(std::move(delivery), upload);
}

}  // namespace

async::Task<Result<bool>> LocalAccounts::is_local(const std::string& address) {
  service::EnvelopeAddress parts = address_of(address);
  auto owner = co_await service::find_owner(find_, separator_, parts);
  if (!owner) co_return pass(owner);
  if (owner->entry || parts.domain.empty()) co_return true;
  co_return co_await is_ours_(text::lower(parts.domain));
}

async::Task<Result<Routes>> LocalAccounts::route(store::OutboxEntryPtr entry,
                                                 std::vector<std::size_t> recipients) {
  Routes routes;
  for (const std::size_t i : recipients) {
    auto local = co_await is_local(entry->recipients[i].address);
    if (!local) co_return pass(local);
    (*local ? routes.local : routes.elsewhere).push_back(i);
  }
  co_return routes;
}

async::Task<std::vector<Tried>> LocalAccounts::deliver(store::AccountPtr sender,
                                                       store::OutboxEntryPtr entry,
                                                       std::vector<std::size_t> recipients) {
  std::vector<Tried> out;
  Found found;
  for (const std::size_t i : recipients) {
    auto recipients = co_await service::find_recipients(
        store_, find_, separator_, address_of(entry->recipients[i].address), entry->size);
    if (!recipients) {
      out.push_back(tried(i, pass(recipients)));
      continue;
    }
    found.ranges.push_back({i, recipients->size()});
    for (service::Recipient& recipient : *recipients) {
      // Each account notes it for itself, so all of an address may have the same.
      recipient.intent = store::IntentId{sender->id(), entry->id, static_cast<std::uint32_t>(i)};
      found.recipients.push_back(std::move(recipient));
    }
  }
  if (found.recipients.empty()) co_return out;
  const std::vector<Status> outcomes = co_await put(sender, entry, found);
  std::size_t first = 0;
  for (const Found::Range& range : found.ranges) {
    out.push_back(
        tried(range.index, service::sum_up(std::span(outcomes).subspan(first, range.count))));
    first += range.count;
  }
  co_return out;
}

}  // namespace posthorn::relay
