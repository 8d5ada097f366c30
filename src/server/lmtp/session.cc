#include "server/lmtp/session.h"

#include "base/log.h"
#include "server/smtp/delivery_reply.h"
#include "store/low_space.h"

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

bool Session::has_recipients() const { return transaction_ && !transaction_->accepted.empty(); }

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
  } else if (const Status room = store::may_take_new_mail(context_.store); !room) {
    say(smtp::low_space_reply(room.error()));
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
  if (transaction_->accepted.size() >= options_->max_recipients) {
    say(reply(452, {4, 5, 3}, "Too many recipients"));
    co_return;
  }
  const std::string path = format_path(rcpt.to);
  auto refused =
      co_await take_recipient({rcpt.to.local_part, rcpt.to.domain, format_address(rcpt.to)});
  if (!refused) {
    say(reply(250, {2, 1, 5}, "Recipient accepted"));
    co_return;
  }
  if (refused->code >= 500) refused->lines.front().insert(0, path + ' ');
  say(*refused);
}

async::Task<std::optional<Reply>> Session::take_recipient(service::EnvelopeAddress address) {
  service::Forwarder& forwarder = context_.forwarder;
  auto found = co_await forwarder.find(context_.find_recipient, options_->detail_separator, address,
                                       transaction_->mail.parameters.size.value_or(0));
  if (!found) {
    const Error& error = found.error();
    // Every other error is one of a mailbox.
    co_return error.kind == ErrorKind::bad_argument ? smtp::forwarding_reply_of(error)
                                                    : smtp::reply_of(error);
  }
  if (!found->outside.empty()) {
    if (Status may = forwarder.judge(found->outside); !may)
      co_return smtp::forwarding_reply_of(may.error());
    auto queue = co_await forwarder.account();
    if (!queue) {
      log::error("lmtp: the queue of forwarded mail cannot be opened: {} ({})", queue.error().text,
                 queue.error().cause);
      co_return smtp::reply_of(queue.error());
    }
    transaction_->queue = std::move(*queue);
  }
  transaction_->accepted.push_back(
      {std::move(address), found->here.size(), std::move(found->outside)});
  std::ranges::move(found->here, std::back_inserter(transaction_->recipients));
  co_return std::nullopt;
}

}  // namespace posthorn::server::lmtp
