#include <set>

#include "server/frame/session_log.h"
#include "server/lmtp/session.h"
#include "server/smtp/delivery_reply.h"
#include "service/delivery/deliver.h"
#include "service/delivery/trace.h"

// This part of the session receives the message.
namespace posthorn::server::lmtp {

using wire::smtp::reply;

void Session::begin_message() {
  const auto& recipients = transaction_->recipients;
  const store::AccountPtr& first =
      recipients.empty() ? transaction_->queue : recipients.front().account;
  transaction_->upload = std::make_unique<store::Upload>(context_.store, first->id());
}

async::Task<std::optional<wire::smtp::Reply>> Session::feed(std::string_view octets) {
  // RFC 5321 §4.5.2 allows refusing NULs, and no IMAP literal can contain one (RFC 9051 §4.3).
  if (octets.contains('\0')) co_return reply(554, {5, 6, 0}, "The message contains a NUL octet");
  if (transaction_->queue) transaction_->hops.feed(octets);
  const Status fed = co_await transaction_->upload->feed(octets);
  if (fed) co_return std::nullopt;
  frame::about("a message cannot be stored", "lmtp", stream())
      .failure(fed.error())
      .write(log::Level::error);
  co_return smtp::reply_of(fed.error());
}

namespace {

std::string_view protocol(bool utf8, bool tls) {
  if (utf8) return tls ? "UTF8LMTPS" : "UTF8LMTP";
  return tls ? "LMTPS" : "LMTP";
}

}  // namespace

service::TraceFacts Session::trace_facts(const Transaction& transaction) const {
  const net::Stream& peer = stream();
  return {.from = service::trace_source(hello()->name, peer.peer()),
          .hostname = options_->hostname,
          .with = std::string(protocol(transaction.mail.parameters.smtputf8, peer.is_tls())),
          .tls = peer.tls_description(),
          .now = context_.store.clock().now()};
}

async::Task<std::vector<Status>> Session::deliver(const Transaction& transaction) {
  const std::string return_path = wire::smtp::format_path(transaction.mail.from);
  const service::TraceFacts facts = trace_facts(transaction);
  const auto fields = [&](const service::Recipient& recipient) {
    return service::delivery_fields(return_path, recipient.address) +
           service::received_field(facts, recipient.address);
  };
  co_return co_await service::deliver({transaction.recipients, fields, facts.now, stream().id()},
                                      *transaction.upload);
}

async::Task<void> Session::send_on(Transaction& transaction) {
  const wire::smtp::Mail& mail = transaction.mail;
  service::Forwarding what;
  what.sender = {mail.from.local_part, mail.from.domain,
                 mail.from == wire::smtp::Address{} ? "" : wire::smtp::format_address(mail.from)};
  if (mail.parameters.body == wire::smtp::Body::eight_bit_mime)
    what.envelope.body = store::BodyKind::eight_bit_mime;
  what.envelope.smtputf8 = mail.parameters.smtputf8;
  what.envelope.session = fmt::format("{:x} {}", stream().id(), stream().peer());
  // An address gets the message once, however many recipients lead to it.
  std::set<std::string> queued;
  for (Accepted& accepted : transaction.accepted) {
    if (accepted.outside.empty()) continue;
    accepted.sent_on = transaction.hops.judge(accepted.outside);
    if (!accepted.sent_on) continue;
    what.to = accepted.address;
    what.targets = accepted.outside;
    std::erase_if(what.targets,
                  [&](const auto& target) { return queued.contains(target.address); });
    if (what.targets.empty()) continue;
    auto email = co_await transaction.upload->finish({}, transaction.queue->id());
    if (!email) {
      accepted.sent_on = pass(email);
      continue;
    }
    what.envelope.trace =
        service::received_field(trace_facts(transaction), accepted.address.written);
    accepted.sent_on = co_await context_.forwarder.forward(what, std::move(*email));
    if (accepted.sent_on)
      for (const auto& target : what.targets) queued.insert(target.address);
  }
}

void Session::leave_out_failed(Transaction& transaction) {
  std::vector<service::Recipient>& recipients = transaction.recipients;
  auto first = recipients.begin();
  for (Accepted& accepted : transaction.accepted) {
    const auto end = first + static_cast<std::ptrdiff_t>(accepted.accounts);
    if (accepted.sent_on) {
      first = end;
    } else {
      first = recipients.erase(first, end);
      accepted.accounts = 0;
    }
  }
}

void Session::answer(const Transaction& transaction, const Accepted& accepted,
                     const Status& outcome) {
  const std::string& address = accepted.address.written;
  if (!outcome) {
    const Error& error = outcome.error();
    frame::about("not delivered", "lmtp", stream())
        .failure(error)
        .said("to", address)
        .write(log::Level::warning);
    say(accepted.sent_on ? smtp::reply_of(error) : smtp::forwarding_reply_of(error));
    return;
  }
  const bool sent_on = !accepted.outside.empty();
  say(reply(250, {2, 0, 0}, fmt::format("<{}> {}", address, sent_on ? "Accepted" : "Delivered")));
  auto line = frame::about("delivered", "lmtp", stream());
  line.number("octets", transaction.octets);
  if (sent_on)
    line.number("accounts", accepted.accounts).number("sent_on", accepted.outside.size());
  line.said("from", wire::smtp::format_path(transaction.mail.from))
      .said("to", address)
      .write(log::Level::info);
}

async::Task<void> Session::finish() {
  Transaction transaction = std::move(*transaction_);
  transaction_.reset();
  if (transaction.accepted.empty()) co_return;
  expect_transaction();
  if (transaction.failure) {
    for (std::size_t i = 0; i < transaction.accepted.size(); ++i) say(*transaction.failure);
    co_return;
  }
  // What is sent on comes first. If that fails, the accounts of the same recipient do not get the
  // message either: the sender will repeat it for all of them, or it is in a loop, and they have
  // it.
  if (transaction.queue) {
    co_await send_on(transaction);
    leave_out_failed(transaction);
  }
  const std::vector<Status> outcomes = co_await deliver(transaction);
  // RFC 2033 §4.2: one reply for each RCPT, in their order.
  std::size_t first = 0;
  for (const Accepted& accepted : transaction.accepted) {
    const auto begin = outcomes.begin() + static_cast<std::ptrdiff_t>(first);
    std::vector<Status> all(begin, begin + static_cast<std::ptrdiff_t>(accepted.accounts));
    first += accepted.accounts;
    if (!accepted.outside.empty()) all.push_back(accepted.sent_on);
    answer(transaction, accepted, service::sum_up(all));
  }
}

}  // namespace posthorn::server::lmtp
