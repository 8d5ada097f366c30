#include "relay/connections.h"

namespace posthorn::relay {
namespace {

using client::SmtpClient;

/// Shorter than the idle timeout of any server (RFC 5321 §4.5.3.2.7).
constexpr std::chrono::seconds kKeep{30};
/// A relay that does not answer is not contacted again for each of a thousand messages. The pause
/// is short, so that an operator's `queue retry` has an effect.
constexpr std::chrono::seconds kPause{1};

}  // namespace

async::Task<Connections::ClientPtr> Connections::take_kept(EndpointPtr endpoint) {
  while (!kept_.empty()) {
    Kept kept = std::move(kept_.back());
    kept_.pop_back();
    SmtpClient* const client = kept.client.get();
    out_.emplace(client, kept.endpoint);
    if (kept.endpoint == endpoint && co_await client->is_alive()) co_return std::move(kept.client);
    out_.erase(client);
    co_await client->quit();
  }
  co_return nullptr;
}

async::Task<Result<Connections::ClientPtr>> Connections::connect_as(EndpointPtr registered,
                                                                    EndpointPtr endpoint,
                                                                    client::SmtpTimes times,
                                                                    bool& handshake_failed) {
  auto stream = co_await net::connect(endpoint->host, endpoint->port, times.connect);
  if (!stream) co_return pass(stream);
  auto client = std::make_unique<SmtpClient>(std::move(*stream), times, &pool_);
  out_.emplace(client.get(), std::move(registered));
  if (cut_) client->stream().shutdown_now();
  Status opened = co_await client->open(endpoint);
  if (opened) co_return client;
  handshake_failed = client->has_failed_handshake();
  out_.erase(client.get());
  co_await client->quit();
  co_return pass(opened);
}

async::Task<Result<Connections::ClientPtr>> Connections::connect(EndpointPtr endpoint,
                                                                 client::SmtpTimes times) {
  bool handshake_failed = false;
  auto made = co_await connect_as(endpoint, endpoint, times, handshake_failed);
  if (made || !handshake_failed || endpoint->security != client::SmtpSecurity::opportunistic)
    co_return made;
  // RFC 7435 §4: where unverified TLS is accepted anyway, sending in clear is better than not
  // sending.
  auto clear = std::make_shared<client::SmtpEndpoint>(*endpoint);
  clear->security = client::SmtpSecurity::none;
  co_return co_await connect_as(endpoint, clear, times, handshake_failed);
}

async::Task<Result<Connections::ClientPtr>> Connections::take(EndpointPtr endpoint,
                                                              client::SmtpTimes times) {
  if (!endpoint) co_return fail(ErrorKind::unavailable, "no relay is configured");
  if (auto kept = co_await take_kept(endpoint)) co_return kept;
  if (cut_) co_return fail(ErrorKind::unavailable, "this server is shutting down");
  if (Clock::now() < failed_until_) co_return std::unexpected(failure_);
  auto made = co_await connect(std::move(endpoint), times);
  if (!made) {
    failure_ = made.error();
    failed_until_ = Clock::now() + kPause;
  }
  co_return made;
}

async::Task<void> Connections::give(std::unique_ptr<SmtpClient> client) {
  auto out = out_.extract(client.get());
  if (client->is_usable() && !cut_) {
    kept_.push_back({std::move(client), std::move(out.mapped()), Clock::now()});
  } else {
    co_await client->quit();
  }
}

async::Task<void> Connections::close(Which which) {
  std::vector<Kept> old;
  const auto is_old = [&](const Kept& kept) {
    return which == Which::all || Clock::now() - kept.since >= kKeep;
  };
  for (auto it = kept_.begin(); it != kept_.end();) {
    if (is_old(*it)) {
      old.push_back(std::move(*it));
      it = kept_.erase(it);
    } else {
      ++it;
    }
  }
  for (const Kept& kept : old) co_await kept.client->quit();
}

void Connections::cut() {
  cut_ = true;
  for (const auto& [client, endpoint] : out_) client->stream().shutdown_now();
}

}  // namespace posthorn::relay
