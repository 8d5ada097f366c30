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

/// An accepted connection, as its session gets it. What it points to outlives the session.
template <class Options>
struct Accepted {
  net::Stream& stream;  ///< Closed by the endpoint once the session has ended.
  Transport transport = Transport::plain;
  std::shared_ptr<const Options> options;  ///< As they were when it was accepted.
  const Connections& connections;          ///< Says whether the server is stopping.
  /// The one moment from which limits of time for the whole connection count.
  std::chrono::steady_clock::time_point since = std::chrono::steady_clock::now();
};

/// What the servers of all protocols have in common: they take streams that somebody else listens
/// for, serve each with the options of the moment, and can be stopped. A protocol derives from it
/// and says in serve() what a session is.
///
/// `Options` is what an operator may set and change while the server runs.
template <class Options>
class Endpoint {
 public:
  Endpoint(const Endpoint&) = delete;
  Endpoint& operator=(const Endpoint&) = delete;

  /// Serves the stream until it ends. A server that is stopping closes it at once. Thread: the
  /// stream's loop.
  void accept(std::unique_ptr<net::Stream> stream, Transport transport) {
    connections_.start(std::move(stream), [this, transport](net::Stream& accepted) {
      return serve({accepted, transport, options_.load(), connections_});
    });
  }
  /// Options for connections accepted from now on. Thread: any.
  void set_options(Options options) {
    options_.store(std::make_shared<const Options>(std::move(options)));
  }
  /// Sessions that wait for their client say good-bye and end; commands under way may finish; what
  /// is left after `grace` is cut. Ends when no connection is left. Called once. Thread: any
  /// loop's.
  async::Task<void> stop(std::chrono::milliseconds grace) { return connections_.stop(grace); }
  /// Connections served now. Thread: any.
  [[nodiscard]] std::size_t connections() const { return connections_.count(); }

 protected:
  explicit Endpoint(Options options) { set_options(std::move(options)); }
  /// Requires: stop() has ended, or nothing was ever accepted.
  ~Endpoint() = default;

 private:
  /// Makes a session and runs it to its end. The session object is allocated on the heap, to keep
  /// the frame of the waiting coroutine small. Thread: the stream's loop.
  virtual async::Task<void> serve(Accepted<Options> client) = 0;

  SharedValue<Options> options_;
  Connections connections_;
};

}  // namespace posthorn::server::frame
