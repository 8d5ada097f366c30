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

/// Called on the loop the new connection lives on.
using OnConnection = std::function<void(std::unique_ptr<Stream>)>;

/// Accepts connections and deals them out to the loops of a pool, round robin. When the process has
/// no descriptors left, one held in reserve serves to take and close what waits (a client is told
/// at once instead of hanging), and accepting pauses for a moment. Thread: any. The pool must
/// outlive the listener, and stop after it.
///
/// `below` keeps descriptors for the rest of the process: the system gives out the lowest that is
/// free, so a connection that gets `below` or a higher one is one too many, and is closed at once.
class Listener {
 public:
  static constexpr int kNoBound = std::numeric_limits<int>::max();

  /// "host:port" as in parse_host_port(); port 0 takes a free one. "*" is IPv6 and IPv4, a name all
  /// its addresses. Looks names up, so it may block: for the start. Errors: bad_argument,
  /// not_found, already_exists (in use), no_permission, io.
  static Result<std::unique_ptr<Listener>> tcp(async::LoopPool& pool, std::string_view host_port,
                                               OnConnection on_connection, int below = kNoBound);
  /// A unix socket at `path` with permissions `mode`. A socket file that nobody listens to any more
  /// is replaced. Errors: as above.
  static Result<std::unique_ptr<Listener>> unix_socket(async::LoopPool& pool,
                                                       const std::string& path, unsigned mode,
                                                       OnConnection on_connection,
                                                       int below = kNoBound);
  /// A listening socket of somebody else's making (systemd); taken over.
  static Result<std::unique_ptr<Listener>> inherited(async::LoopPool& pool, int fd,
                                                     OnConnection on_connection,
                                                     int below = kNoBound);
  ~Listener();  ///< Stops.
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  /// Accepts no more, soon; a connection just accepted may still be handed over.
  void stop();
  /// The TCP port, the one taken where 0 was asked for; 0 for unix sockets.
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
  std::string name;  ///< FileDescriptorName= of its unit; empty when not said.
};

/// Those meant for this process, once: the environment is cleared of them, so that children do not
/// take them for theirs. Thread: before others start.
std::vector<InheritedSocket> take_inherited_sockets();

}  // namespace posthorn::net
