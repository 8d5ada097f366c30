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

/// Connections to the relay: kept open for a while after use, so that many messages share one. Its
/// user bounds how many are out at once. Thread: one loop's.
class Connections {
 public:
  explicit Connections(async::OffloadPool& pool) : pool_(pool) {}

  /// One that works: a kept one that still answers, or a new one. For a second after a relay
  /// could not be reached it says so again without trying. Errors: those of SmtpClient::connect;
  /// unavailable without an endpoint, and after cut().
  async::Task<Result<std::unique_ptr<client::SmtpClient>>> take(
      std::shared_ptr<const client::SmtpEndpoint> endpoint, client::SmtpTimes times);
  /// Gives it back, of use or not. Requires: it is of take().
  async::Task<void> give(std::unique_ptr<client::SmtpClient> client);

  /// Says good-bye to those nobody used for a while, or to all.
  enum class Which : std::uint8_t { idle, all };
  async::Task<void> close(Which which);
  /// Whether none is kept.
  [[nodiscard]] bool empty() const { return kept_.empty(); }
  /// Forgets that the relay could not be reached.
  void forget_failure() { failed_until_ = {}; }
  /// Breaks those that are out, now; take() gives no more.
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
  std::map<client::SmtpClient*, EndpointPtr> out_;  ///< In somebody's hands, or being opened.
  Clock::time_point failed_until_{};
  Error failure_;
  bool cut_ = false;
};

}  // namespace posthorn::relay
