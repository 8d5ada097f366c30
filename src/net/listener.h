#pragma once

#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "async/loop.h"
#include "net/stream.h"

namespace posthorn::net {

/// Called on the loop that the new connection belongs to.
using OnConnection = std::function<void(std::unique_ptr<Stream>)>;

/// Accepts connections and distributes them over the loops of a pool in turn. The pool must outlive
/// the listener and must be stopped after it.
/// Thread: any.
///
/// If the process runs out of file descriptors, the listener uses one held in reserve to accept and
/// close the waiting connections, so that clients are disconnected at once instead of hanging.
/// Accepting then pauses for a moment.
///
/// `below` reserves descriptors for the rest of the process. The system assigns the lowest free
/// descriptor, so a connection with descriptor `below` or higher is beyond the limit and is closed
/// at once.
class Listener {
 public:
  static constexpr int kNoBound = std::numeric_limits<int>::max();

  /// Listens on "host:port" as parse_host_port() accepts it. Port 0 selects a free port, "*"
  /// listens on IPv6 and IPv4, and a host name on all its addresses. May block to look up names;
  /// for use at start-up.
  /// Errors: bad_argument, not_found, already_exists (in use), no_permission, io.
  static Result<std::unique_ptr<Listener>> tcp(async::LoopPool& pool, std::string_view host_port,
                                               OnConnection on_connection, int below = kNoBound);
  /// Listens on a Unix socket at `path` with permissions `mode`. A socket file that no process
  /// listens on is replaced. Errors: as above.
  static Result<std::unique_ptr<Listener>> unix_socket(async::LoopPool& pool,
                                                       const std::string& path, unsigned mode,
                                                       OnConnection on_connection,
                                                       int below = kNoBound);
  /// Takes over a listening socket that was created by another process (systemd).
  static Result<std::unique_ptr<Listener>> inherited(async::LoopPool& pool, int fd,
                                                     OnConnection on_connection,
                                                     int below = kNoBound);
  ~Listener();  ///< Stops.
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  /// Stops accepting, after a short delay: a connection just accepted may still be delivered.
  void stop();
  /// The TCP port, i.e. the selected port if 0 was requested; 0 for Unix sockets.
  [[nodiscard]] std::uint16_t port() const { return port_; }
  /// "[::]:143", or a path.
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  class Acceptor;
  Listener(std::string name, std::uint16_t port) : name_(std::move(name)), port_(port) {}
  void start(async::LoopPool& pool, std::vector<int> fds, OnConnection on_connection, int below);

  std::string name_;
  std::uint16_t port_;
  std::string path_to_remove_;
  async::Loop* loop_ = nullptr;
  std::vector<std::shared_ptr<Acceptor>> acceptors_;
};

/// A listening socket handed over by systemd (sd_listen_fds(3)).
struct InheritedSocket {
  int fd = -1;
  std::string name;  ///< FileDescriptorName= of its unit; empty if not given.
};

/// Returns the sockets meant for this process. A second call returns none: the variables are
/// removed from the environment, so that child processes do not take the sockets for theirs.
/// Thread: to be called before other threads start.
std::vector<InheritedSocket> take_inherited_sockets();

/// Opens listening sockets as Listener::tcp does, for a process that gives up the right to do so
/// before it serves them. There are several if a host name has several addresses. Errors: as
/// Listener::tcp.
Result<std::vector<InheritedSocket>> bind_tcp(std::string_view host_port, const std::string& name);

}  // namespace posthorn::net
