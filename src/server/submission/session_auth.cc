#include "auth/secret_base64.h"
#include "server/frame/session_log.h"
#include "server/submission/session.h"
#include "service/login.h"
#include "text/ascii.h"
#include "text/base64.h"

// This part of the session authenticates the client (RFC 4954).
namespace posthorn::server::submission {

using wire::smtp::reply;

namespace {

wire::smtp::Reply not_base64() { return reply(501, {5, 5, 2}, "The response is not valid base64"); }

/// RFC 4954 §6; RFC 5248 has 5.7.13.
wire::smtp::Reply reply_to(const Error& error) {
  switch (error.kind) {
    case ErrorKind::auth_failed: return reply(535, {5, 7, 8}, "Wrong user name or password");
    case ErrorKind::syntax: return reply(501, {5, 5, 2}, error.text);
    case ErrorKind::no_permission: return reply(535, {5, 7, 13}, error.text);
    case ErrorKind::limit: return reply(454, {4, 7, 0}, error.text);
    case ErrorKind::not_supported:
      return reply(504, {5, 5, 4}, "This authentication mechanism is not available");
    default: return reply(454, {4, 7, 0}, "Login is temporarily unavailable; try again later");
  }
}

}  // namespace

bool Session::may_log_in() const {
  const net::Stream& peer = stream();
  return auth::plaintext_on(peer.is_tls(), peer.speaker(), options_->plaintext) ==
         auth::Plaintext::allowed;
}

auth::Channel Session::channel() const {
  const net::Stream& peer = stream();
  // Mail itself is sent over this connection, so where passwords are not allowed in clear, no login
  // is allowed at all.
  auth::Channel channel{.plaintext = auth::Plaintext::allowed};
  if (!peer.is_tls()) return channel;
  channel.secrecy = auth::Channel::Secrecy::tls;
  if (options_->channel_binding)
    channel.bindings = {peer.channel_binding("tls-exporter"),
                        peer.channel_binding("tls-server-end-point")};
  return channel;
}

std::vector<std::string_view> Session::mechanisms() const {
  // For the same reason, no login is offered without TLS.
  if (account_ || !may_log_in()) return {};
  return auth::offered_mechanisms(channel(), context_.authenticator.sasl());
}

async::Task<void> Session::on_auth(wire::smtp::Auth command) {
  if (!hello() || hello()->verb != wire::smtp::Greeting::ehlo || account_ || transaction_) {
    say(reply(503, {5, 5, 1}, account_ ? "Already logged in" : "Send EHLO first"));
    co_return;
  }
  if (!may_log_in()) {
    say(reply(530, {5, 7, 0}, "Send STARTTLS first"));
    co_return;
  }
  co_await authenticate(std::move(command));
  if (!account_) count_failed_login();
}

/// After too many failures the connection is closed (RFC 5321 §3.8), so that guessing costs
/// connections as well.
void Session::count_failed_login() {
  if (++failed_logins_ < options_->failed_logins || !talk().is_open()) return;
  frame::about("closed after failed logins", "submission", stream())
      .number("logins", failed_logins_)
      .write(log::Level::info);
  say(reply(421, {4, 7, 0}, options_->hostname + " Too many failed logins"));
  talk().close();
}

async::Task<void> Session::authenticate(wire::smtp::Auth command) {
  auth::Authenticator& authenticator = context_.authenticator;
  auto mechanism = auth::make_mechanism(command.mechanism, channel(), authenticator.sasl());
  if (!mechanism) {
    say(reply_to(mechanism.error()));
    co_return;
  }
  std::optional<auth::Secret> initial;
  if (command.initial) {
    // "=" is an empty response.
    if (*command.initial == "=") command.initial->clear();
    initial = auth::secret_from_base64(*command.initial);
    if (!initial) {
      say(not_base64());
      co_return;
    }
  }
  auth::Exchange exchange(authenticator, std::move(*mechanism),
                          {.peer = stream().peer(),
                           .mechanism = {},
                           .protocol = "submission",
                           .session = stream().id(),
                           .service = auth::Protocol::submission});
  auto outcome = co_await exchange.begin(std::move(initial));
  co_await converse(exchange, std::move(outcome));
}

async::Task<void> Session::converse(auth::Exchange& exchange, auth::Exchange::Outcome outcome) {
  while (auto* const challenge = std::get_if<auth::Challenge>(&outcome)) {
    say(reply(334, text::base64_encode(challenge->bytes)));
    auto line = co_await next_line();
    if (!line) co_return;
    if (*line == "*") {
      say(reply(501, {5, 7, 0}, "The authentication was cancelled"));
      co_return;
    }
    auto response = auth::secret_from_base64(*line);
    if (!response) {
      say(not_base64());
      co_return;
    }
    outcome = co_await exchange.respond(std::move(*response));
  }
  if (auto* const error = std::get_if<Error>(&outcome)) {
    say(reply_to(*error));
    co_return;
  }
  co_await log_in(std::get<auth::Identity>(std::move(outcome)));
}

async::Task<void> Session::log_in(auth::Identity identity) {
  name_ = identity.name;
  auto slot = context_.limits.admit_user(identity, [this] { end(service::kLoginChanged); }, this);
  if (!slot) {
    say(reply_to(slot.error()));
    co_return;
  }
  const Status counts = co_await service::confirm_login(context_.store, identity);
  if (!counts) {
    say(counts.error().kind == ErrorKind::unavailable
            ? reply(454, {4, 7, 0}, std::string(service::kLoginChanged))
            : trouble("login", counts.error()));
    co_return;
  }
  auto opened = co_await context_.store.account(identity.account);
  if (!opened) {
    frame::log_trouble("submission", stream(), identity.name, opened.error());
    say(reply_to(opened.error()));
    co_return;
  }
  user_slot_ = std::move(*slot);
  account_ = std::move(*opened);
  // What ends sessions may have come during the waits above.
  if (talk().deadline().has_passed()) {
    say(reply(454, {4, 7, 0}, std::string(talk().deadline().words())));
    co_return;
  }
  talk().deadline().clear();
  connection_slot_.logged_in();
  login_ = std::move(identity);
  say(reply(235, {2, 7, 0}, "Logged in"));
}

}  // namespace posthorn::server::submission
