#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <set>
#include <vector>

#include "async/offload.h"
#include "async/task.h"
#include "base/result.h"
#include "client/smtp_client.h"

namespace posthorn::relay {

/// Connections to the relay. They are kept open for a while after use, so that many messages share
/// one. The caller limits how many are in use at a time. Thread: one loop's.
class Connections {
 public:
  explicit Connections(async::OffloadPool& pool) : pool_(pool) {}

  /// Returns a working connection: a kept one that still answers, or a new one. For a second after
  /// the relay could not be reached, the same error is returned without a new try. Errors: those of
  /// SmtpClient::connect; unavailable without an endpoint, and after cut().
  async::Task<Result<std::unique_ptr<client::SmtpClient>>> take(
      std::shared_ptr<const client::SmtpEndpoint> endpoint, client::SmtpTimes times);
  /// Returns a connection, whether or not it still works. Requires: it came from take().
  async::Task<void> give(std::unique_ptr<client::SmtpClient> client);

  /// Closes the connections that were idle for a while, or all.
  enum class Which : std::uint8_t { idle, all };
  async::Task<void> close(Which which);
  /// Returns whether no connection is kept.
  [[nodiscard]] bool empty() const { return kept_.empty(); }
  /// Discards the remembered failure to reach the relay.
  void forget_failure() { failed_until_ = {}; }
  /// Breaks the connections in use at once. take() fails from then on.
  void cut();

 private:
  using Clock = std::chrono::steady_clock;
  using EndpointPtr = std::shared_ptr<const client::SmtpEndpoint>;
  using ClientPtr = std::unique_ptr<client::SmtpClient>;
  struct Kept {
    ClientPtr client;
    EndpointPtr endpoint;
    Clock::time_point since;
  };
  async::Task<ClientPtr> take_kept(EndpointPtr endpoint);
  async::Task<Result<ClientPtr>> connect(EndpointPtr endpoint, client::SmtpTimes times);
  async::Task<Result<ClientPtr>> connect_as(EndpointPtr registered, EndpointPtr endpoint,
                                            client::SmtpTimes times, bool& handshake_failed);
  async::OffloadPool& pool_;
  std::vector<Kept> kept_;
  std::map<client::SmtpClient*, EndpointPtr> out_;  ///< In use by a caller, or being opened.
  Clock::time_point failed_until_{};
  Error failure_;
  bool cut_ = false;
};

}  // namespace posthorn::relay
