#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "async/task.h"
#include "base/metrics.h"
#include "base/network.h"
#include "base/shared_value.h"
#include "net/stream.h"
#include "server/frame/command_meter.h"
#include "server/frame/connections.h"
#include "server/frame/proxied.h"
#include "server/frame/session_log.h"
#include "server/frame/transport.h"

namespace posthorn::server::frame {

/// An accepted connection, as it is passed to its session. Everything it refers to outlives the
/// session.
template <class Options>
struct Accepted {
  net::Stream& stream;  ///< Closed by the endpoint once the session has ended.
  Transport transport = Transport::plain;
  std::shared_ptr<const Options> options;  ///< The options at the time of accepting.
  const Connections& connections;          ///< Tells whether the server is stopping.
  CommandMeter& meter;                     ///< Where the session notes its commands.
};

/// The base of the servers of all protocols. An endpoint takes streams that somebody else listens
/// for, serves each with the current options, and can be stopped. A protocol derives from it and
/// implements serve().
///
/// `Options` holds the settings that an operator may change while the server runs.
template <class Options>
class Endpoint {
 public:
  Endpoint(const Endpoint&) = delete;
  Endpoint& operator=(const Endpoint&) = delete;

  /// Serves the stream until its session is over. A stopping server closes it at once. Thread: the
  /// stream's loop.
  void accept(std::unique_ptr<net::Stream> stream, Transport transport) {
    accepted_.add();
    connections_.start(std::move(stream), [this, transport](net::Stream& accepted) {
      const auto proxies = proxies_.load();
      if (proxies && proxies->contains(accepted.peer())) return serve_proxied(accepted, transport);
      return serve({accepted, transport, options_.load(), connections_, meter_});
    });
  }
  /// Sets the networks from which every connection begins with a PROXY header. Connections from
  /// elsewhere have none: one that a client sends is taken for a command that is none. Thread: any.
  void set_proxies(std::shared_ptr<const Networks> proxies) { proxies_.store(std::move(proxies)); }
  /// Sets the options for connections accepted from now on. Thread: any.
  void set_options(Options options) {
    options_.store(std::make_shared<const Options>(std::move(options)));
  }
  /// Stops the server. Sessions that wait for their client say good-bye and end; commands in
  /// progress may finish; connections that remain after `grace` are cut. Finishes when no
  /// connection is left. Called once. Thread: any loop's.
  async::Task<void> stop(std::chrono::milliseconds grace) { return connections_.stop(grace); }
  /// The number of connections now being served. Thread: any.
  [[nodiscard]] std::size_t connections() const { return connections_.count(); }
  /// The number of connections accepted so far. Thread: any.
  [[nodiscard]] std::uint64_t accepted() const { return accepted_.value(); }
  /// As in log lines: "imap". Static.
  [[nodiscard]] std::string_view protocol() const { return protocol_; }
  [[nodiscard]] const CommandMeter& meter() const { return meter_; }

 protected:
  /// `protocol` and the names of its commands must be static.
  Endpoint(std::string_view protocol, std::vector<std::string_view> commands, Options options)
      : protocol_(protocol), meter_(std::move(commands)) {
    set_options(std::move(options));
  }
  /// Requires: stop() has finished, or nothing was ever accepted.
  ~Endpoint() = default;

 private:
  /// Creates a session and runs it to its end. Allocate the session object on the heap, to keep the
  /// frame of the awaiting coroutine small. Thread: the stream's loop.
  virtual async::Task<void> serve(Accepted<Options> client) = 0;

  async::Task<void> serve_proxied(net::Stream& stream, Transport transport) {
    if (const Status named = co_await take_proxy_header(stream); !named) {
      if (named.error().kind == ErrorKind::syntax)
        about("refused: the address is in limits.trusted_proxies", protocol_, stream)
            .failure(named.error())
            .write(log::Level::warning, stream.peer());
      co_return;
    }
    co_await serve({stream, transport, options_.load(), connections_, meter_});
  }

  const std::string_view protocol_;
  CommandMeter meter_;
  metrics::Counter accepted_;
  SharedValue<Networks> proxies_;
  SharedValue<Options> options_;
  Connections connections_;
};

}  // namespace posthorn::server::frame
