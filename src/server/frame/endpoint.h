#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <utility>

#include "async/task.h"
#include "base/shared_value.h"
#include "net/stream.h"
#include "server/frame/connections.h"
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
    connections_.start(std::move(stream), [this, transport](net::Stream& accepted) {
      return serve({accepted, transport, options_.load(), connections_});
    });
  }
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

 protected:
  explicit Endpoint(Options options) { set_options(std::move(options)); }
  /// Requires: stop() has finished, or nothing was ever accepted.
  ~Endpoint() = default;

 private:
  /// Creates a session and runs it to its end. Allocate the session object on the heap, to keep the
  /// frame of the awaiting coroutine small. Thread: the stream's loop.
  virtual async::Task<void> serve(Accepted<Options> client) = 0;

  SharedValue<Options> options_;
  Connections connections_;
};

}  // namespace posthorn::server::frame
