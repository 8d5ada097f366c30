#include "base/log.h"
#include "server/lmtp/reply.h"
#include "server/lmtp/session.h"
#include "service/delivery/deliver.h"
#include "service/delivery/trace.h"

// The part of a dialogue in which the message comes.
namespace posthorn::server::lmtp {

using wire::smtp::reply;

void Session::begin_data() {
  transaction_->has_data = true;
  transaction_->upload = std::make_unique<store::Upload>(
      context_.store, transaction_->recipients.front().account->id());
}

/// Never fails: what goes wrong is kept, and the octets are read over so that the dialogue stays in
/// step.
async::Task<void> Session::take_in(std::string_view octets) {
  if (!transaction_) co_return;
  Transaction& transaction = *transaction_;
  transaction.octets += octets.size();
  if (transaction.failure || !transaction.upload || octets.empty()) co_return;
  if (transaction.octets > options_->max_message_octets) {
    transaction.failure = Error{ErrorKind::too_big, ""};
  } else if (octets.contains('\0')) {
    // RFC 5321 section 4.5.2 lets them be refused, and no IMAP literal may hold one (RFC 9051 4.3).
    transaction.failure = Error{ErrorKind::syntax, "The message holds a NUL octet"};
  } else if (Status fed = co_await transaction.upload->feed(octets); !fed) {
    log::error("lmtp: a message cannot be stored: {} ({})", fed.error().text, fed.error().cause);
    transaction.failure = std::move(fed.error());
  }
  // What was written ahead is let go at once.
  if (transaction.failure) transaction.upload.reset();
}

async::Task<void> Session::obey(wire::smtp::Data) {
  if (!transaction_ || transaction_->recipients.empty() || transaction_->has_data) {
    // RFC 2033 section 4.2: without a recipient DATA fails at once.
    say(reply(503, {5, 5, 1}, transaction_ ? "There is no recipient" : "Say MAIL first"));
    co_return;
  }
  say(reply(354, "Send the message; a line with a single dot ends it"));
  begin_data();
  const Status read =
      co_await talk_.read_data([this](std::string_view octets) { return take_in(octets); });
  if (!read) {
    transaction_.reset();
    co_return;
  }
  co_await finish();
}

async::Task<void> Session::obey(wire::smtp::Bdat bdat) {
  const bool has_recipients = transaction_ && !transaction_->recipients.empty();
  if (has_recipients && !transaction_->has_data) begin_data();
  const Status read = co_await talk_.read_chunk(
      bdat.octets, [this](std::string_view octets) { return take_in(octets); });
  if (!read) {
    transaction_.reset();
  } else if (!transaction_) {
    say(reply(503, {5, 5, 1}, "Say MAIL first"));
  } else if (bdat.last) {
    // RFC 2033 section 4.3: one reply a recipient, so none where there is none.
    co_await finish();
  } else if (!has_recipients) {
    say(reply(503, {5, 5, 1}, "There is no recipient"));
  } else if (transaction_->failure) {
    say(reply_of(*transaction_->failure));
  } else {
    say(reply(250, {2, 0, 0}, fmt::format("{} octets taken", bdat.octets)));
  }
}

namespace {

std::string_view protocol(bool utf8, bool tls) {
  if (utf8) return tls ? "UTF8LMTPS" : "UTF8LMTP";
  return tls ? "LMTPS" : "LMTP";
}

}  // namespace

async::Task<std::vector<Status>> Session::deliver(const Transaction& transaction) {
  const std::string return_path = wire::smtp::format_path(transaction.mail.from);
  const net::Stream& stream = talk_.stream();
  const service::TraceFacts facts{
      .from = service::trace_source(said_name_, stream.peer()),
      .hostname = options_->hostname,
      .with = std::string(protocol(transaction.mail.parameters.smtputf8, stream.is_tls())),
      .tls = stream.tls_description(),
      .now = context_.store.clock().now()};
  const auto fields = [&](const service::Recipient& recipient) {
    return service::delivery_fields(return_path, recipient.address) +
           service::received_field(facts, recipient.address);
  };
  co_return co_await service::deliver({transaction.recipients, fields, facts.now},
                                      *transaction.upload);
}

async::Task<void> Session::finish() {
  const Transaction transaction = std::move(*transaction_);
  transaction_.reset();
  const std::vector<service::Recipient>& recipients = transaction.recipients;
  if (recipients.empty()) co_return;
  if (transaction.failure) {
    for (std::size_t i = 0; i < recipients.size(); ++i) say(reply_of(*transaction.failure));
    co_return;
  }
  const std::vector<Status> outcomes = co_await deliver(transaction);
  for (std::size_t i = 0; i < recipients.size(); ++i) {
    const std::string& address = recipients[i].address;
    if (outcomes[i]) {
      say(reply(250, {2, 0, 0}, fmt::format("<{}> Delivered", address)));
      log::info("delivered from {} to <{}>, {} octets",
                wire::smtp::format_path(transaction.mail.from), address, transaction.octets);
    } else {
      const Error& error = outcomes[i].error();
      log::warning("not delivered to <{}>: {} {} ({})", address, name_of(error.kind), error.text,
                   error.cause);
      say(reply_of(error));
    }
  }
}

}  // namespace posthorn::server::lmtp
