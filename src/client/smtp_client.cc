#include "client/smtp_client.h"

#include "async/offload.h"
#include "auth/sasl/plaintext.h"
#include "text/base64.h"

namespace posthorn::client {

using wire::smtp::Reply;

namespace {

constexpr int kMaxChallenges = 8;

/// Returns an error with the server's text, for the person who has to act on it.
std::unexpected<Error> turned_away(ErrorKind kind, std::string_view at, const Reply& reply) {
  return fail(kind, fmt::format("{}: {}", at, wire::smtp::one_line(reply)));
}

/// RFC 4954 §4: "=" is an empty initial response.
std::string encode_initial(std::string_view bytes) {
  return bytes.empty() ? "=" : text::base64_encode(bytes);
}

}  // namespace

Reply reply_for(const Error& error) {
  using wire::smtp::EnhancedStatus;
  const auto make = [&](EnhancedStatus status) {
    return wire::smtp::reply(451, status, error.text);
  };
  switch (error.kind) {
    // RFC 3463 §3.5, §3.8.
    case ErrorKind::not_found:
      return make({4, 4, 3});  // No such host: reported as a directory problem.
    case ErrorKind::timed_out:
    case ErrorKind::closed:
    case ErrorKind::io: return make({4, 4, 2});
    case ErrorKind::syntax:
    case ErrorKind::limit: return make({4, 5, 0});
    case ErrorKind::auth_failed:
    case ErrorKind::not_supported: return make({4, 7, 0});
    case ErrorKind::unavailable: return make({4, 4, 1});
    default: return make({4, 3, 0});
  }
}

SmtpClient::SmtpClient(std::unique_ptr<net::Stream> stream, SmtpTimes times,
                       async::OffloadPool* pool)
    : talk_(std::move(stream)), times_(times), pool_(pool) {}

SmtpClient::~SmtpClient() = default;

async::Task<Status> SmtpClient::open(std::shared_ptr<const SmtpEndpoint> endpoint) {
  endpoint_ = std::move(endpoint);
  Status status;
  if (endpoint_->security == SmtpSecurity::tls) status = co_await handshake();
  if (status) status = co_await greet();
  if (status) status = co_await hello();
  if (status) status = co_await secure();
  if (status) status = co_await log_in();
  usable_ = status.has_value();
  co_return status;
}

async::Task<Result<Reply>> SmtpClient::command(wire::smtp::Command command) {
  Status said = co_await talk_.say(wire::smtp::format_command(command), times_.command);
  if (!said) co_return pass(said);
  co_return co_await talk_.hear(times_.command);
}

async::Task<Status> SmtpClient::greet() {
  auto greeting = co_await talk_.hear(times_.greeting);
  if (!greeting) co_return pass(greeting);
  if (greeting->is_positive()) co_return Status();
  co_return turned_away(ErrorKind::unavailable, "greeting", *greeting);
}

async::Task<Status> SmtpClient::hello() {
  extensions_ = {};
  using wire::smtp::Greeting;
  auto reply = co_await command(wire::smtp::Hello{Greeting::ehlo, endpoint_->hello_name});
  if (!reply) co_return pass(reply);
  if (reply->is_positive()) {
    extensions_ = wire::smtp::parse_extensions(*reply);
    co_return Status();
  }
  if (reply->code >= 500) {  // RFC 5321 §3.2: an older server.
    reply = co_await command(wire::smtp::Hello{Greeting::helo, endpoint_->hello_name});
    if (!reply) co_return pass(reply);
    if (reply->is_positive()) co_return Status();
  }
  co_return turned_away(ErrorKind::unavailable, "EHLO", *reply);
}

async::Task<Status> SmtpClient::handshake() {
  Status done = co_await net::start_tls_client(talk_.stream(), endpoint_->tls, endpoint_->host,
                                               times_.command);
  handshake_failed_ = !done;
  if (!done) done.error().text = "TLS: " + done.error().text;
  co_return done;
}

async::Task<Status> SmtpClient::secure() {
  const bool required = endpoint_->security == SmtpSecurity::starttls;
  if (!required && endpoint_->security != SmtpSecurity::opportunistic) co_return Status();
  if (!extensions_.starttls) {
    if (!required) co_return Status();
    co_return fail(ErrorKind::not_supported, "the server does not offer STARTTLS");
  }
  auto reply = co_await command(wire::smtp::StartTls{});
  if (!reply) co_return pass(reply);
  if (reply->code != 220) {
    if (!required) co_return Status();
    co_return turned_away(ErrorKind::unavailable, "STARTTLS", *reply);
  }
  // RFC 3207 §4.2: octets received in clear after the 220 do not come from the authenticated
  // server.
  if (talk_.has_more())
    co_return fail(ErrorKind::syntax, "the server sent data before the TLS handshake");
  Status secured = co_await handshake();
  if (!secured) co_return secured;
  co_return co_await hello();
}

async::Task<Status> SmtpClient::log_in() {
  if (!endpoint_->login) co_return Status();
  net::Stream& stream = talk_.stream();
  auth::ChannelBindings bindings;
  bindings.exporter = stream.channel_binding("tls-exporter");
  const auto mechanism = auth::choose_mechanism(
      extensions_.mechanisms, *endpoint_->login,
      auth::plaintext_on(stream.is_tls(), stream.peer(), auth::PlaintextLogin::tls_or_local),
      std::move(bindings));
  if (!mechanism) {
    co_return fail(ErrorKind::not_supported,
                   "the server offers no authentication mechanism that can be used");
  }
  co_return co_await exchange(*mechanism);
}

async::Task<Status> SmtpClient::exchange(auth::ClientMechanism& mechanism) {
  wire::smtp::Auth start{std::string(mechanism.name()), std::nullopt};
  if (auto initial = mechanism.initial()) start.initial = encode_initial(initial->reveal());
  std::string line = wire::smtp::format_command(start);
  if (start.initial) auth::wipe(*start.initial);
  for (int i = 0; i < kMaxChallenges; ++i) {
    Status said = co_await talk_.say(line, times_.command);
    auth::wipe(line);
    if (!said) co_return said;
    auto reply = co_await talk_.hear(times_.command);
    if (!reply) co_return pass(reply);
    if (reply->is_positive()) {
      if (mechanism.is_complete()) co_return Status();
      co_return fail(ErrorKind::auth_failed, "AUTH: the server has not proved its identity");
    }
    if (reply->code != 334) {
      const auto kind = reply->code < 500 ? ErrorKind::unavailable : ErrorKind::auth_failed;
      co_return turned_away(kind, "AUTH", *reply);
    }
    auto response = co_await answer(mechanism, *reply);
    if (!response) co_return pass(response);
    line = text::base64_encode(response->reveal()) + "\r\n";
  }
  co_return fail(ErrorKind::syntax, "AUTH: the exchange does not end");
}

async::Task<Result<auth::Secret>> SmtpClient::answer(auth::ClientMechanism& mechanism,
                                                     const Reply& challenge) {
  // The prompts of LOGIN are sometimes sent without base64, and have no meaning.
  const auto decoded = text::base64_decode(challenge.lines.empty() ? "" : challenge.lines.front());
  const std::string bytes = decoded.value_or("");
  if (!pool_) co_return mechanism.respond(bytes);
  co_return co_await async::offload(*pool_, [&] { return mechanism.respond(bytes); });
}

async::Task<bool> SmtpClient::is_alive() {
  if (!usable_) co_return false;
  auto reply = co_await command(wire::smtp::Rset{});
  usable_ = reply && reply->is_positive() && !talk_.has_more();
  co_return usable_;
}

async::Task<void> SmtpClient::quit() {
  if (std::exchange(usable_, false)) {
    const Status said =
        co_await talk_.say(wire::smtp::format_command(wire::smtp::Quit{}), times_.quit);
    if (said) std::ignore = co_await talk_.hear(times_.quit);
  }
  co_await talk_.stream().close();
}

}  // namespace posthorn::client
