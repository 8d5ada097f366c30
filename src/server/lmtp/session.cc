#include "server/lmtp/session.h"

#include "server/smtp/delivery_reply.h"

namespace posthorn::server::lmtp {

using namespace wire::smtp;  // NOLINT: the vocabulary of this file.

Session::Session(const LmtpContext& context, frame::Accepted<LmtpOptions> client)
    : Dialogue({.talk = {.protocol = "lmtp",
                         .hostname = client.options->hostname,
                         .idle = client.options->idle_time,
                         .write = client.options->write_time},
                .dialect = Dialect::lmtp,
                .max_message_octets = client.options->max_message_octets,
                .disabled_extensions = client.options->disabled_extensions,
                .tls = context.tls,
                .gateways = client.options->gateways,
                .meter = client.meter},
               client.connections, client.stream),
      context_(context),
      options_(std::move(client.options)) {}

Status Session::count_again() {
  connection_slot_ = {};  // A connection is in one place only.
  auto slot = context_.limits.admit_connection(stream().peer(),
                                               auth::SessionLimits::Client::needs_no_login);
  if (!slot) return pass(slot);
  connection_slot_ = std::move(*slot);
  return {};
}

std::string Session::greeting() const { return options_->hostname + " LMTP Posthorn"; }

bool Session::open() {
  if (const Status counted = count_again(); !counted) {
    say(reply(421, {4, 7, 0}, options_->hostname + ' ' + counted.error().text));
    return false;
  }
  expect_transaction();
  say(reply(220, greeting()));
  return true;
}

void Session::expect_transaction() {
  talk().deadline().set(options_->transaction_time, frame::Deadline::Late::wait,
                        "The transaction took too long");
}

async::Task<void> Session::run() {
  if (open()) co_await obey_commands();
  Status ignored = co_await talk().flush();
}

smtp::Transaction* Session::transaction() { return transaction_ ? &*transaction_ : nullptr; }

bool Session::has_recipients() const { return transaction_ && !transaction_->recipients.empty(); }

std::chrono::milliseconds Session::patience() const { return options_->idle_time; }

std::vector<std::string> Session::extensions() const {
  std::vector<std::string> lines = {
      "PIPELINING", "ENHANCEDSTATUSCODES",
      "8BITMIME",   "SMTPUTF8",
      "CHUNKING",   fmt::format("SIZE {}", options_->max_message_octets)};
  if (offers_tls() && !stream().is_tls()) lines.emplace_back("STARTTLS");
  return lines;
}

async::Task<void> Session::on_mail(Mail mail) {
  if (!hello()) {
    say(reply(503, {5, 5, 1}, "Send LHLO first"));
  } else if (transaction_) {
    say(reply(503, {5, 5, 1}, "The sender is already given; send RSET to start over"));
  } else if (mail.parameters.body == Body::binary_mime) {
    say(reply(555, {5, 5, 4}, "BINARYMIME is not offered"));
  } else if (mail.parameters.hold_for || mail.parameters.hold_until) {
    say(reply(555, {5, 5, 4}, "FUTURERELEASE is not offered"));
  } else if (mail.parameters.size.value_or(0) > options_->max_message_octets) {
    say(reply(552, {5, 3, 4}, "The message is larger than this server accepts"));
  } else {
    Transaction& begun = transaction_.emplace();
    begun.smtputf8 = mail.parameters.smtputf8;
    begun.mail = std::move(mail);
    say(reply(250, {2, 1, 0}, "Sender accepted"));
  }
  co_return;
}

async::Task<void> Session::on_rcpt(Rcpt rcpt) {
  if (!transaction_ || transaction_->has_data) {
    say(reply(503, {5, 5, 1}, "Send MAIL first"));
    co_return;
  }
  if (transaction_->accounts_of.size() >= options_->max_recipients) {
    say(reply(452, {4, 5, 3}, "Too many recipients"));
    co_return;
  }
  const std::string path = format_path(rcpt.to);
  service::EnvelopeAddress address{rcpt.to.local_part, rcpt.to.domain, format_address(rcpt.to)};
  auto found = co_await service::find_recipients(context_.store, context_.find_recipient,
                                                 options_->detail_separator, std::move(address),
                                                 transaction_->mail.parameters.size.value_or(0));
  if (!found) {
    Reply refused = smtp::reply_of(found.error());
    if (refused.code >= 500) refused.lines.front().insert(0, path + ' ');
    say(refused);
    co_return;
  }
  say(reply(250, {2, 1, 5}, "Recipient accepted"));
  transaction_->accounts_of.push_back(found->size());
  std::ranges::move(*found, std::back_inserter(transaction_->recipients));
}

}  // namespace posthorn::server::lmtp
