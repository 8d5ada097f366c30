#include <algorithm>

#include "base/fault.h"
#include "base/log.h"
#include "server/submission/session.h"
#include "service/delivery/trace.h"
#include "service/sending/sender.h"
#include "service/sending/submit.h"

// The part of a dialogue in which the message comes.
namespace posthorn::server::submission {

using namespace wire::smtp;  // NOLINT: the vocabulary of this file.

namespace {

/// What a message was refused with, or could not be kept for.
Reply reply_to(const Error& error) {
  switch (error.kind) {
    case ErrorKind::syntax: return reply(554, {5, 6, 0}, error.text);
    case ErrorKind::no_permission:
    case ErrorKind::bad_argument: return reply(550, {5, 7, 1}, error.text);
    case ErrorKind::limit: return reply(450, {4, 7, 1}, error.text);
    case ErrorKind::too_big: return reply(552, {5, 3, 4}, error.text);
    case ErrorKind::over_quota:
      return reply(552, {5, 2, 2}, "Your mailbox is full: there is no room for the sent copy");
    default: return reply(451, {4, 3, 0}, "This server is in trouble; please try again later");
  }
}

bool is_trouble(const Error& error) { return reply_to(error).status == EnhancedStatus{4, 3, 0}; }

Reply reply_to(LineFault fault) {
  switch (fault) {
    // What one server takes for a line end and another does not lets one message hide in another.
    case LineFault::bare_cr:
    case LineFault::bare_lf:
      return reply(554, {5, 6, 0}, "Lines must end with CRLF, and no CR or LF may stand alone");
    case LineFault::too_long:
      return reply(554, {5, 6, 0}, "A line is longer than 998 octets (RFC 5322 2.1.1)");
    case LineFault::nul: return reply(554, {5, 6, 0}, "The message holds a NUL octet");
    case LineFault::none: break;
  }
  return reply(554, {5, 6, 0}, "The message cannot be sent as it is");
}

/// RFC 3848, RFC 6531 §4.3.
std::string protocol(bool utf8, bool tls) {
  if (utf8) return tls ? "UTF8SMTPSA" : "UTF8SMTPA";
  return tls ? "ESMTPSA" : "ESMTPA";
}

/// Names a submission to those outside: nothing of the account shows.
std::string new_queue_name() { return to_hex(random_partition_id()).substr(0, 16); }

}  // namespace

void Session::begin_data() {
  Transaction& transaction = *transaction_;
  transaction.has_data = true;
  service::HeaderFacts facts{transaction.envelope.return_path, options_->hostname,
                             context_.store.clock().now()};
  transaction.intake =
      std::make_unique<service::Intake>(context_.store, account_->id(), std::move(facts),
                                        [this](std::vector<service::EnvelopeAddress> authors) {
                                          return judge_authors(std::move(authors));
                                        });
}

async::Task<Status> Session::judge_authors(std::vector<service::EnvelopeAddress> authors) {
  for (service::EnvelopeAddress& author : authors) {
    auto may = co_await service::may_send_as(context_.find_address, options_->detail_separator,
                                             account_, std::move(author));
    if (!may) co_return pass(may);
    if (*may) co_return Status();
  }
  co_return fail(ErrorKind::no_permission, "You may not send from the address in From");
}

/// What is wrong with the octets themselves, once it is known.
std::optional<Reply> Session::judge_octets(std::string_view octets) {
  Transaction& transaction = *transaction_;
  transaction.octets += octets.size();
  if (transaction.octets > options_->max_message_octets)
    return reply(552, {5, 3, 4}, "The message is larger than this server takes");
  // RFC 3030 §3: in a binary message they are no lines.
  if (transaction.envelope.body != store::BodyKind::binary_mime) transaction.lines.feed(octets);
  const LineFault fault = transaction.lines.fault();
  if (fault != LineFault::none) return reply_to(fault);
  return std::nullopt;
}

/// Never fails: what goes wrong is kept, and the octets are read over so that the dialogue stays in
/// step.
async::Task<void> Session::take_in(std::string_view octets) {
  if (!transaction_ || octets.empty() || !transaction_->intake) co_return;
  Transaction& transaction = *transaction_;
  transaction.failure = judge_octets(octets);
  if (!transaction.failure) {
    if (Status fed = co_await transaction.intake->feed(octets); !fed) {
      if (is_trouble(fed.error()))
        log::error_about(name_, "submission: account {}: {} ({})", name_, fed.error().text,
                         fed.error().cause);
      transaction.failure = reply_to(fed.error());
    }
  }
  // What was written ahead is let go at once.
  if (transaction.failure) transaction.intake.reset();
}

async::Task<void> Session::obey(Data) {
  if (!transaction_ || transaction_->envelope.recipients.empty() || transaction_->has_data) {
    say(reply(503, {5, 5, 1}, transaction_ ? "There is no recipient" : "Say MAIL first"));
    co_return;
  }
  if (transaction_->envelope.body == store::BodyKind::binary_mime) {
    say(reply(503, {5, 5, 1}, "A binary message comes by BDAT (RFC 3030)"));
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

async::Task<void> Session::obey(Bdat bdat) {
  if (!account_) {
    // Octets follow, as many as the client likes: nobody is listened to that long without a login.
    say(reply(530, {5, 7, 0}, "Log in first"));
    talk_.close();
    co_return;
  }
  const bool taken = transaction_ && !transaction_->envelope.recipients.empty();
  if (taken && !transaction_->has_data) begin_data();
  const Status read = co_await talk_.read_chunk(
      bdat.octets, [this](std::string_view octets) { return take_in(octets); });
  if (!read) {
    transaction_.reset();
  } else if (!taken) {
    say(reply(503, {5, 5, 1}, transaction_ ? "There is no recipient" : "Say MAIL first"));
  } else if (bdat.last) {
    co_await finish();
  } else if (transaction_->failure) {
    say(*transaction_->failure);
  } else {
    say(reply(250, {2, 0, 0}, fmt::format("{} octets taken", bdat.octets)));
  }
}

async::Task<void> Session::finish() {
  Transaction transaction = std::move(*transaction_);
  transaction_.reset();
  if (!transaction.failure && transaction.envelope.body != store::BodyKind::binary_mime) {
    transaction.lines.finish();
    if (const LineFault fault = transaction.lines.fault(); fault != LineFault::none)
      transaction.failure = reply_to(fault);
  }
  if (transaction.failure) {
    say(*transaction.failure);
    co_return;
  }
  say(co_await submit(std::move(transaction)));
}

async::Task<Reply> Session::submit(Transaction transaction) {
  const auto failed = [this](const Error& error) {
    log::warning_about(name_, "submission: account {}: not taken: {}: {} ({})", name_,
                       name_of(error.kind), error.text, error.cause);
    return reply_to(error);
  };
  auto email = co_await transaction.intake->finish();
  if (!email) co_return failed(email.error());
  net::Stream& stream = talk_.stream();
  const bool shown = options_->client_trace == ClientTrace::shown;
  const std::string queue_name = new_queue_name();
  const service::TraceFacts facts{
      .from = shown ? service::trace_source(hello_->name, stream.peer()) : "authenticated-client",
      .hostname = options_->hostname,
      .with = protocol(transaction.envelope.smtputf8, stream.is_tls()),
      .tls = stream.tls_description(),
      .id = queue_name,
      .now = context_.store.clock().now()};
  store::OutboxEntry envelope = std::move(transaction.envelope);
  envelope.trace = service::received_field(facts, "");
  const std::size_t recipients = envelope.recipients.size();
  auto submitted =
      co_await service::submit(account_, {std::move(envelope), std::move(*email)}, options_->rules);
  if (!submitted) co_return failed(submitted.error());
  log::info("submission: account {}: message {} queued as {} for {} recipients, {} octets", name_,
            queue_name, submitted->id.value, recipients, transaction.octets);
  co_return reply(250, {2, 0, 0}, "Queued as " + queue_name);
}

}  // namespace posthorn::server::submission
