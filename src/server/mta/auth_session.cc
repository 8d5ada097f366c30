#include "server/mta/auth_session.h"

#include <unistd.h>

#include <atomic>
#include <utility>
#include <variant>

#include "auth/secret_base64.h"
#include "base/fault.h"
#include "server/frame/session_log.h"
#include "text/base64.h"

namespace posthorn::server::mta {

namespace wm = wire::mta;
using async::Task;
using wm::AuthFailure;

namespace {

constexpr std::string_view kName = "auth_socket";

std::unexpected<Error> broken(std::string_view why) {
  return fail(ErrorKind::syntax, std::string(why));
}

bool is_plaintext(std::string_view mechanism) {
  return mechanism == "PLAIN" || mechanism == "LOGIN";
}

/// The address as Stream::peer() would report it.
std::string peer_of(const wm::AuthBegin& begin) {
  if (begin.remote_address.empty()) return "unix";
  if (begin.remote_port.empty()) return begin.remote_address;
  const bool v6 = begin.remote_address.contains(':');
  return v6 ? fmt::format("[{}]:{}", begin.remote_address, begin.remote_port)
            : fmt::format("{}:{}", begin.remote_address, begin.remote_port);
}

/// What a client of Dovecot's protocol calls a protocol.
auth::Protocol protocol_of(std::string_view service) {
  if (service == "smtp") return auth::Protocol::submission;
  if (service == "sieve") return auth::Protocol::managesieve;
  return auth::protocol_named(service).value_or(auth::Protocol::other);
}

AuthFailure failure_of(const Error& error) {
  const bool later = error.kind == ErrorKind::unavailable || is_our_fault(error.kind);
  return later ? AuthFailure::temporary : AuthFailure::refused;
}

}  // namespace

/// An authentication in progress.
struct AuthSession::Request {
  Request(std::uint32_t number, auth::Authenticator& authenticator,
          std::unique_ptr<auth::Mechanism> mechanism, auth::Source source)
      : id(number), exchange(authenticator, std::move(mechanism), std::move(source)) {}

  const std::uint32_t id;
  auth::Exchange exchange;
  bool busy = false;   ///< The exchange works; otherwise the client's answer is awaited.
  bool ended = false;  ///< The client has its reply, or has cancelled.
  async::Timer too_long;
};

AuthSession::AuthSession(const MtaContext& context, frame::Accepted<MtaOptions> client)
    : context_(context),
      options_(std::move(client.options)),
      connections_(client.connections),
      talk_(client.stream, options_->idle_time, options_->write_time) {}

Task<void> AuthSession::run() {
  greet();
  const Status ended = co_await converse();
  if (!ended) note_end(kName, talk_.stream(), ended.error());
  if (!ended && ended.error().kind == ErrorKind::closed) {
    // The client may have closed its side only, and wait for what it asked.
    co_await running_.wait_empty();
    const Status ignored = co_await talk_.flush();
  }
  for (auto& [id, request] : requests_) {
    request->ended = true;
    request->too_long.cancel();
  }
  // The tasks use this object, and end after the throttle's delay at the latest.
  co_await running_.wait_empty();
}

void AuthSession::greet() {
  static std::atomic<std::uint64_t> count = 0;
  auth::Channel channel;
  channel.secrecy = auth::Channel::Secrecy::tls;
  channel.plaintext = auth::Plaintext::allowed;
  std::vector<wm::AuthMechanism> mechanisms;
  for (const std::string_view name :
       auth::offered_mechanisms(channel, context_.authenticator.sasl()))
    mechanisms.push_back({name, is_plaintext(name)});
  talk_.say(wm::format_auth_greeting(mechanisms, {static_cast<std::uint64_t>(::getpid()), ++count,
                                                  to_hex(random_partition_id())}));
}

Task<Status> AuthSession::converse() {
  while (true) {
    while (auto line = lines_.take(talk_.input())) {
      Status obeyed = obey(*line);
      auth::wipe(*line);
      if (!obeyed) co_return obeyed;
    }
    if (lines_.too_long()) co_return broken("a line is too long");
    if (Status received = co_await receive(); !received) co_return received;
  }
}

Task<Status> AuthSession::receive() {
  while (true) {
    // A reply that comes while another is being written would otherwise wait for the next request.
    while (!talk_.out().empty())
      if (Status sent = co_await talk_.flush(); !sent) co_return sent;
    Status received = co_await talk_.receive();
    const bool woken = !received && received.error().kind == ErrorKind::unavailable;
    if (!woken || connections_.stopping()) co_return received;
  }
}

Status AuthSession::obey(std::string_view line) {
  auto command = wm::parse_auth_command(line);
  if (!command) return pass(command);
  return std::visit([this](auto& alternative) { return on(alternative); }, *command);
}

Status AuthSession::on(const wm::AuthVersion& version) {
  if (version.major != 1) return broken("only version 1 of the protocol is spoken here");
  known_version_ = true;
  return {};
}

Status AuthSession::on(const wm::AuthIgnored& /*ignored*/) { return {}; }

Status AuthSession::on(wm::AuthBegin& begin) {
  if (!known_version_) return broken("VERSION must come first");
  if (requests_.contains(begin.id)) return broken("the number of an authentication is in use");
  if (requests_.size() >= kMaxRequests || running_.running() >= kMaxRunning)
    return broken("too many logins are in progress");
  const std::string peer = peer_of(begin);
  auth::Channel channel;
  if (begin.secured) channel.secrecy = auth::Channel::Secrecy::tls;
  channel.plaintext = auth::plaintext_on(begin.secured, peer, options_->plaintext);
  auto mechanism = auth::make_mechanism(begin.mechanism, channel, context_.authenticator.sasl());
  if (!mechanism) {
    refuse(begin.id, AuthFailure::refused, mechanism.error().text);
    return {};
  }
  auth::Source source{.peer = peer,
                      .mechanism = {},
                      .protocol = "mta",
                      .session = talk_.stream().id(),
                      .service = protocol_of(begin.service)};
  const auto request = std::make_shared<Request>(begin.id, context_.authenticator,
                                                 std::move(*mechanism), std::move(source));
  requests_[begin.id] = request;
  running_.spawn(advance(request, std::move(begin.initial_response), true));
  return {};
}

Status AuthSession::on(wm::AuthAnswer& answer) {
  const auto it = requests_.find(answer.id);
  // It may have been answered already because it took too long.
  if (it == requests_.end()) return {};
  if (it->second->busy) return broken("an answer came before the challenge");
  running_.spawn(advance(it->second, std::move(answer.response), false));
  return {};
}

Status AuthSession::on(const wm::AuthCancel& cancel) {
  const auto it = requests_.find(cancel.id);
  if (it == requests_.end()) return {};
  it->second->ended = true;
  it->second->too_long.cancel();
  requests_.erase(it);
  return {};
}

Task<void> AuthSession::advance(std::shared_ptr<Request> request, std::optional<std::string> base64,
                                bool first) {
  std::optional<auth::Secret> response;
  if (base64 && *base64 == "=") base64->clear();
  if (base64) response = auth::secret_from_base64(*base64);
  if (base64 && !response)
    co_return refuse(request->id, AuthFailure::refused, "The response is not valid base64");
  request->busy = true;
  request->too_long.set(options_->answer_time, [this, id = request->id] {
    refuse(id, AuthFailure::temporary, "The login takes too long; please try again later");
  });
  auto outcome = first ? co_await request->exchange.begin(std::move(response))
                       : co_await request->exchange.respond(std::move(*response));
  request->busy = false;
  request->too_long.cancel();
  if (request->ended) co_return;
  if (const auto* const challenge = std::get_if<auth::Challenge>(&outcome))
    co_return say(wm::format_auth_challenge(request->id, text::base64_encode(challenge->bytes)));
  if (const auto* const error = std::get_if<Error>(&outcome)) {
    if (is_our_fault(error->kind)) frame::log_trouble(kName, talk_.stream(), {}, *error);
    co_return refuse(request->id, failure_of(*error), error->text);
  }
  request->ended = true;
  requests_.erase(request->id);
  say(wm::format_auth_success(request->id, std::get<auth::Identity>(outcome).name));
}

void AuthSession::refuse(std::uint32_t id, AuthFailure failure, std::string_view reason) {
  if (const auto it = requests_.find(id); it != requests_.end()) {
    it->second->ended = true;
    requests_.erase(it);
  }
  say(wm::format_auth_failure(id, failure, reason));
}

void AuthSession::say(std::string_view reply) {
  talk_.say(reply);
  talk_.stream().wake();
}

}  // namespace posthorn::server::mta
