#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.h"
#include "auth/authenticator.h"
#include "auth/session_limits.h"
#include "base/metrics.h"
#include "directory/chain.h"
#include "engine/engine_meter.h"
#include "provider/provider.h"
#include "relay/runner.h"
#include "server/frame/command_meter.h"
#include "server/http/http_options.h"
#include "store/store.h"

namespace posthorn::app {

/// What one of the servers has counted.
struct ProtocolNumbers {
  std::string_view protocol;
  std::size_t connections = 0;
  std::uint64_t accepted = 0;
  const server::frame::CommandMeter& commands;
};

template <class Endpoint>
ProtocolNumbers numbers_of(const Endpoint& server) {
  return {server.protocol(), server.connections(), server.accepted(), server.meter()};
}

/// What the upkeep of the store has counted. Thread: any.
struct Housekeeping {
  metrics::Durations sweeps;
  metrics::Counter failures;
  std::atomic<std::int64_t> swept = 0;  ///< When it last succeeded: seconds since 1970.
};

/// The parts of a server that count something. All must outlive this.
struct Watched {
  std::function<std::vector<ProtocolNumbers>()> protocols;
  const auth::Authenticator& authenticator;
  const directory::Chain& directories;
  const provider::Numbers& tokens;
  const auth::SessionLimits& limits;
  const engine::EngineMeter& engine;
  const Housekeeping& house;
  const relay::Runner& queue;
  store::Store& store;
  /// Days until the certificate expires; none without TLS.
  std::function<std::optional<int>()> days_of_certificate;
  std::string data_dir;
  std::string store_dir;
};

/// Returns the handler of a listener that serves "/metrics" and nothing else. It counts the files
/// of the store on the store's pool. Thread: any loop's.
server::http::Handler metrics_handler(Watched watched);

}  // namespace posthorn::app
