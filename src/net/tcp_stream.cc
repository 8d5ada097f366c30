#include "net/tcp_stream.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <atomic>
#include <ctime>

#include "net/address.h"
#include "net/socket_stream.h"

namespace posthorn::net {

namespace {

void set_option(int fd, int level, int name, int value) {
  // Errors are ignored: these options are optional, and the connection works without them.
  setsockopt(fd, level, name, &value, sizeof value);
}

// Replies are written as a whole, so waiting for more data (Nagle) would only add delay. Keep-alive
// detects a vanished peer within a quarter of an hour, with probes rare enough not to keep phones'
// radios awake.
void set_tcp_options(int fd) {
  set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, 600);
  set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, 60);
  set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, 5);
}

/// The numbers of a process begin with the time at which it started, and so differ from those of
/// the process before it, unless that had a million connections in each second.
std::uint64_t next_id() {
  constexpr int kPerSecond = 20;  // Bits.
  static std::atomic<std::uint64_t> next{static_cast<std::uint64_t>(::time(nullptr)) << kPerSecond};
  return next.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

Result<std::unique_ptr<Stream>> make_stream(int fd) {
  auto socket = Socket::adopt(fd);
  if (!socket) return pass(socket);
  sockaddr_storage peer{};
  socklen_t size = sizeof peer;
  if (getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) != 0) {
    return fail(ErrorKind::closed, "the peer closed the connection");
  }
  if (peer.ss_family == AF_INET || peer.ss_family == AF_INET6) set_tcp_options(fd);
  return std::make_unique<SocketStream>(std::move(*socket), format_address(peer), next_id());
}

}  // namespace posthorn::net
