#include <algorithm>
#include <utility>

#include "base/fault.h"
#include "server/frame/session_log.h"
#include "server/submission/session.h"
#include "service/delivery/trace.h"
#include "service/sending/sender.h"
#include "service/sending/submit.h"
#include "wire/smtp/address.h"

// This part of the session receives the message.
namespace posthorn::server::submission {

using namespace wire::smtp;  // NOLINT: the vocabulary of this file.

namespace {

/// The reply for a message that was refused or could not be stored.
Reply reply_to(const Error& error) {
  switch (error.kind) {
    case ErrorKind::syntax: return reply(554, {5, 6, 0}, error.text);
    case ErrorKind::no_permission:
    case ErrorKind::bad_argument: return reply(550, {5, 7, 1}, error.text);
    case ErrorKind::limit: return reply(450, {4, 7, 1}, error.text);
    case ErrorKind::too_big: return reply(552, {5, 3, 4}, error.text);
    case ErrorKind::over_quota:
      return reply(552, {5, 2, 2}, "Your mailbox is full: there is no room for the sent copy");
    default: return reply(451, {4, 3, 0}, "Temporary server error; please try again later");
  }
}

Reply reply_to(LineFault fault) {
  switch (fault) {
    // If servers disagree about line ends, one message can be hidden inside another.
    case LineFault::bare_cr:
    case LineFault::bare_lf:
      return reply(554, {5, 6, 0}, "Lines must end with CRLF; a bare CR or LF is not allowed");
    case LineFault::too_long:
      return reply(554, {5, 6, 0}, "A line is longer than 998 octets (RFC 5322 2.1.1)");
    case LineFault::nul: return reply(554, {5, 6, 0}, "The message contains a NUL octet");
    case LineFault::none: break;
  }
  return reply(554, {5, 6, 0}, "The message is malformed");
}

/// RFC 3848, RFC 6531 §4.3.
std::string protocol(bool utf8, bool tls) {
  if (utf8) return tls ? "UTF8SMTPSA" : "UTF8SMTPA";
  return tls ? "ESMTPSA" : "ESMTPA";
}

/// Identifies a submission to other servers, without revealing the account.
std::string new_queue_name() { return to_hex(random_partition_id()).substr(0, 16); }

}  // namespace

void Session::begin_message() {
  Transaction& transaction = *transaction_;
  author_team_.reset();
  service::HeaderFacts facts{transaction.envelope.return_path, options_->hostname,
                             context_.store.clock().now()};
  transaction.intake = std::make_unique<service::Intake>(
      context_.store, account_->id(), std::move(facts),
      [this](service::Authors authors) { return judge_authors(std::move(authors)); });
}

async::Task<Result<std::string>> Session::judge_authors(service::Authors authors) {
  using Kind = service::SenderRight::Kind;
  bool on_behalf = false;
  // One that is allowed does not make up for one that is not: programs show the first, or all.
  for (const service::EnvelopeAddress& author : authors.from) {
    auto right = co_await service::sender_right(context_.find_address, options_->detail_separator,
                                                account_, author);
    if (!right) co_return pass(right);
    if (right->kind == Kind::none)
      co_return fail(ErrorKind::no_permission,
                     "You may not send from every address in the From and Sender fields");
    on_behalf |= right->kind == Kind::on_behalf;
    if (author_team_ == nullptr) author_team_ = std::move(right->team);
  }
  for (const service::EnvelopeAddress& sender : authors.sender) {
    auto right = co_await service::sender_right(context_.find_address, options_->detail_separator,
                                                account_, sender);
    if (!right) co_return pass(right);
    if (right->kind != Kind::own && (on_behalf || right->kind != Kind::as_team))
      co_return fail(ErrorKind::no_permission,
                     on_behalf ? "What you send on behalf of a team must have an address of yours "
                                 "in the Sender field"
                               : "You may not send from every address in the From and Sender "
                                 "fields");
  }
  if (!on_behalf || !authors.sender.empty()) co_return std::string();
  co_return sender_line();
}

/// RFC 6409 §8.1: the server may add it.
Result<std::string> Session::sender_line() const {
  const auto address = parse_address(name_, BareNames::any);
  if (!address || address->domain.empty())
    return fail(ErrorKind::no_permission,
                "What you send on behalf of a team must have an address of yours in the Sender "
                "field");
  return "Sender: " + format_address(*address) + "\r\n";
}

async::Task<std::optional<Reply>> Session::feed(std::string_view octets) {
  Transaction& transaction = *transaction_;
  // RFC 3030 §3: a binary message has no line structure.
  if (!transaction.binary) transaction.lines.feed(octets);
  const LineFault fault = transaction.lines.fault();
  if (fault != LineFault::none) co_return reply_to(fault);
  const Status fed = co_await transaction.intake->feed(octets);
  if (fed) co_return std::nullopt;
  if (is_our_fault(fed.error().kind))
    frame::log_trouble("submission", stream(), name_, fed.error());
  co_return reply_to(fed.error());
}

async::Task<void> Session::finish() {
  Transaction transaction = std::move(*transaction_);
  transaction_.reset();
  if (!transaction.failure && !transaction.binary) {
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
    frame::about("not queued", "submission", stream())
        .failure(error)
        .said("user", name_)
        .write(log::Level::warning, name_);
    return reply_to(error);
  };
  auto email = co_await transaction.intake->finish();
  if (!email) co_return failed(email.error());
  const net::Stream& peer = stream();
  const bool shown = options_->client_trace == ClientTrace::shown;
  const std::string queue_name = new_queue_name();
  const service::TraceFacts facts{
      .from = shown ? service::trace_source(hello()->name, peer.peer()) : "authenticated-client",
      .hostname = options_->hostname,
      .with = protocol(transaction.envelope.smtputf8, peer.is_tls()),
      .tls = peer.tls_description(),
      .id = queue_name,
      .now = context_.store.clock().now()};
  store::OutboxEntry envelope = std::move(transaction.envelope);
  envelope.trace = service::received_field(facts, "");
  const std::size_t recipients = envelope.recipients.size();
  service::Submission submission{std::move(envelope), std::move(*email), peer.id()};
  if (const store::AccountPtr team = std::exchange(author_team_, nullptr)) {
    auto copy = co_await transaction.intake->finish_for(team->id());
    if (!copy) co_return failed(copy.error());
    submission.team_copy.emplace(team, std::move(*copy));
  }
  auto submitted = co_await service::submit(account_, std::move(submission), options_->rules);
  if (!submitted) co_return failed(submitted.error());
  frame::about("queued", "submission", peer)
      .word("entry", fmt::format("{}/{}", to_hex(account_->id()), submitted->id.value))
      .word("name", queue_name)
      .number("recipients", recipients)
      .number("octets", transaction.octets)
      .said("user", name_)
      .write(log::Level::info);
  co_return reply(250, {2, 0, 0}, "Queued as " + queue_name);
}

}  // namespace posthorn::server::submission
