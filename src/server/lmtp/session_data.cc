#include "server/frame/session_log.h"
#include "server/lmtp/session.h"
#include "server/smtp/delivery_reply.h"
#include "service/delivery/deliver.h"
#include "service/delivery/trace.h"

// This part of the session receives the message.
namespace posthorn::server::lmtp {

using wire::smtp::reply;

void Session::begin_message() {
  transaction_->upload = std::make_unique<store::Upload>(
      context_.store, transaction_->recipients.front().account->id());
}

async::Task<std::optional<wire::smtp::Reply>> Session::feed(std::string_view octets) {
  // RFC 5321 §4.5.2 allows refusing NULs, and no IMAP literal can contain one (RFC 9051 §4.3).
  if (octets.contains('\0')) co_return reply(554, {5, 6, 0}, "The message contains a NUL octet");
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

async::Task<std::vector<Status>> Session::deliver(const Transaction& transaction) {
  const std::string return_path = wire::smtp::format_path(transaction.mail.from);
  const net::Stream& peer = stream();
  const service::TraceFacts facts{
      .from = service::trace_source(hello()->name, peer.peer()),
      .hostname = options_->hostname,
      .with = std::string(protocol(transaction.mail.parameters.smtputf8, peer.is_tls())),
      .tls = peer.tls_description(),
      .now = context_.store.clock().now()};
  const auto fields = [&](const service::Recipient& recipient) {
    return service::delivery_fields(return_path, recipient.address) +
           service::received_field(facts, recipient.address);
  };
  co_return co_await service::deliver({transaction.recipients, fields, facts.now, peer.id()},
                                      *transaction.upload);
}

async::Task<void> Session::finish() {
  const Transaction transaction = std::move(*transaction_);
  transaction_.reset();
  const std::vector<service::Recipient>& recipients = transaction.recipients;
  if (recipients.empty()) co_return;
  expect_transaction();
  if (transaction.failure) {
    for (std::size_t i = 0; i < transaction.accounts_of.size(); ++i) say(*transaction.failure);
    co_return;
  }
  const std::vector<Status> outcomes = co_await deliver(transaction);
  // RFC 2033 §4.2: one reply for each RCPT, in their order.
  std::size_t first = 0;
  for (const std::size_t count : transaction.accounts_of) {
    const std::string& address = recipients[first].address;
    const Status outcome = service::sum_up(std::span(outcomes).subspan(first, count));
    first += count;
    if (outcome) {
      say(reply(250, {2, 0, 0}, fmt::format("<{}> Delivered", address)));
      frame::about("delivered", "lmtp", stream())
          .number("octets", transaction.octets)
          .said("from", wire::smtp::format_path(transaction.mail.from))
          .said("to", address)
          .write(log::Level::info);
    } else {
      frame::about("not delivered", "lmtp", stream())
          .failure(outcome.error())
          .said("to", address)
          .write(log::Level::warning);
      say(smtp::reply_of(outcome.error()));
    }
  }
}

}  // namespace posthorn::server::lmtp
