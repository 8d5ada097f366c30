#include "load/dial.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace posthorn::bench {
namespace {

constexpr timeval kPatience{10, 0};
constexpr std::uint32_t kLoopbackNet = 127;
constexpr std::uint32_t kFirstSource = 0x7F000002;  // 127.0.0.2
constexpr std::uint32_t kSources = 8;

sockaddr_in address_of(in_addr at, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr = at;
  address.sin_port = htons(port);
  return address;
}

/// The next source address; the kernel chooses the port when it knows where the connection goes.
bool bind_next_source(int fd) {
  static std::uint32_t next = 0;
  const int late = 1;
  ::setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &late, sizeof late);
  const auto address = address_of({htonl(kFirstSource + next++ % kSources)}, 0);
  return ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

}  // namespace

Result<int> dial(const std::string& host, std::uint16_t port) {
  in_addr to{};
  if (::inet_pton(AF_INET, host.c_str(), &to) != 1)
    return fail(ErrorKind::bad_argument, "not an IPv4 address: " + host);
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return fail(ErrorKind::io, "no socket", std::strerror(errno));
  // Bounds connect() and whatever is written or read while the socket blocks.
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof kPatience);
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
  const int no_delay = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &no_delay, sizeof no_delay);
  const auto address = address_of(to, port);
  const bool loopback = ntohl(to.s_addr) >> 24 == kLoopbackNet;
  if ((loopback && !bind_next_source(fd)) ||
      ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    const int error = errno;
    ::close(fd);
    return fail(ErrorKind::unavailable, "no connection", std::strerror(error));
  }
  return fd;
}

}  // namespace posthorn::bench
