#include "relay/local_accounts.h"

#include "relay/envelope.h"
#include "relay/outgoing_message.h"
#include "service/delivery/deliver.h"
#include "service/delivery/trace.h"
#include "service/forwarding/hops.h"
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
    case ErrorKind::no_permission: return reply(550, {5, 2, 1}, error.text);
    case ErrorKind::over_quota: return reply(552, {5, 2, 2}, "The mailbox is full");
    case ErrorKind::too_big: return reply(552, {5, 3, 4}, "The message is too large");
    case ErrorKind::limit: return reply(452, {4, 2, 0}, "The mailbox cannot accept more messages");
    // A return path that was not made here.
    case ErrorKind::bad_argument: return reply(550, {5, 7, 1}, error.text);
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

/// A recipient of the entry that was found, and what became of it.
struct Found {
  std::size_t index = 0;  ///< In the entry.
  std::size_t count = 0;  ///< Of accounts, which follow each other.
  std::vector<service::OutsideTarget> outside;
  Status sent_on;  ///< To those.
};

/// The message that is delivered.
class Delivering {
 public:
  Delivering(store::AccountPtr sender, store::OutboxEntryPtr entry)
      : sender_(std::move(sender)),
        entry_(std::move(entry)),
        upload_(sender_->store(), sender_->id()) {}

  /// Reads the message.
  async::Task<Status> read() {
    auto message = co_await OutgoingMessage::open(sender_, entry_);
    if (!message) co_return pass(message);
    const auto source = message->source();
    while (true) {
      auto octets = co_await source->next();
      if (!octets) co_return pass(octets);
      if (octets->empty()) co_return Status();
      hops_.feed(*octets);
      if (Status fed = co_await upload_.feed(*octets); !fed) co_return fed;
    }
  }

  async::Task<std::vector<Status>> put(std::span<const service::Recipient> recipients) {
    const std::string return_path = "<" + entry_->return_path + ">";
    service::Delivery delivery;
    delivery.recipients = recipients;
    delivery.now = sender_->store().clock().now();
    delivery.session = session_of(*entry_);
    delivery.fields = [&](const service::Recipient& recipient) {
      return service::delivery_fields(return_path, recipient.address);
    };
    co_return co_await service::deliver(std::move(delivery), upload_);
  }

  /// Judges whether the message would go in circles.
  [[nodiscard]] Status judge(const Found& found) const { return hops_.judge(found.outside); }

  async::Task<Status> send_on(service::Forwarder& forwarder, const Found& found) {
    auto queue = co_await forwarder.account();
    if (!queue) co_return pass(queue);
    auto email = co_await upload_.finish({}, (*queue)->id());
    if (!email) co_return pass(email);
    co_return co_await forwarder.forward(forwarding(found), std::move(*email));
  }

 private:
  [[nodiscard]] service::Forwarding forwarding(const Found& found) const {
    const store::OutboxRecipient& recipient = entry_->recipients[found.index];
    service::Forwarding what;
    what.sender = address_of(entry_->return_path);
    what.to = address_of(recipient.address);
    what.targets = found.outside;
    // The message already has the trace lines.
    what.envelope.body = entry_->body;
    what.envelope.smtputf8 = entry_->smtputf8;
    what.envelope.ret = entry_->ret;
    what.envelope.envid = entry_->envid;
    what.envelope.session = entry_->session;
    what.notify = recipient.notify;
    // The success that the sender wants to hear of is that the message was passed on from here
    // (RFC 3461 §5.2.7.3).
    if ((what.notify & store::bit(store::Notify::success)) != 0) {
      what.notify &= static_cast<store::NotifySet>(~store::bit(store::Notify::success));
      if (what.notify == 0) what.notify = store::bit(store::Notify::never);
    }
    what.orcpt = recipient.orcpt;
    what.intent =
        store::IntentId{sender_->id(), entry_->id, static_cast<std::uint32_t>(found.index)};
    return what;
  }

  const store::AccountPtr sender_;
  const store::OutboxEntryPtr entry_;
  store::Upload upload_;
  service::Hops hops_;
};

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

async::Task<Result<service::Destinations>> LocalAccounts::find(const std::string& address,
                                                               std::uint64_t octets) {
  auto found = co_await forwarder_.find(find_, separator_, address_of(address), octets);
  if (!found) co_return pass(found);
  if (Status may = forwarder_.judge(found->outside); !may) co_return pass(may);
  co_return found;
}

async::Task<std::vector<Tried>> LocalAccounts::deliver(store::AccountPtr sender,
                                                       store::OutboxEntryPtr entry,
                                                       std::vector<std::size_t> recipients) {
  std::vector<Tried> out;
  std::vector<Found> all;
  std::vector<service::Recipient> here;
  for (const std::size_t i : recipients) {
    auto found = co_await find(entry->recipients[i].address, entry->size);
    if (!found) {
      out.push_back(tried(i, pass(found)));
      continue;
    }
    all.push_back({i, found->here.size(), std::move(found->outside), {}});
    for (service::Recipient& recipient : found->here) {
      // Each account notes it for itself, so all of an address may have the same.
      recipient.intent = store::IntentId{sender->id(), entry->id, static_cast<std::uint32_t>(i)};
      here.push_back(std::move(recipient));
    }
  }
  if (all.empty()) co_return out;
  Delivering delivering(std::move(sender), std::move(entry));
  Status read = co_await delivering.read();
  // Whatever the error, it is not the recipients' fault.
  if (!read) read = fail(ErrorKind::io, read.error().text);
  std::vector<Status> outcomes(here.size(), read);
  for (Found& found : all) {
    if (found.outside.empty()) continue;
    found.sent_on = read ? delivering.judge(found) : read;
    if (found.sent_on) found.sent_on = co_await delivering.send_on(forwarder_, found);
  }
  if (read) outcomes = co_await delivering.put(here);
  std::size_t first = 0;
  for (const Found& found : all) {
    std::vector<Status> of_one(outcomes.begin() + static_cast<std::ptrdiff_t>(first),
                               outcomes.begin() + static_cast<std::ptrdiff_t>(first + found.count));
    first += found.count;
    if (!found.outside.empty()) of_one.push_back(found.sent_on);
    out.push_back(tried(found.index, service::sum_up(of_one)));
    if (!found.outside.empty()) out.back().is_local = false;
  }
  co_return out;
}

}  // namespace posthorn::relay
