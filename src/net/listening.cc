#include "net/listening.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "net/address.h"

namespace posthorn::net {

namespace {

// The kernel reduces it to net.core.somaxconn.
constexpr int kBacklog = 4096;
constexpr int kSocketType = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;

std::unexpected<Error> system_failure(const std::string& name) {
  const int error = errno;
  const std::string text = std::strerror(error);
  switch (error) {
    case EADDRINUSE: return fail(ErrorKind::already_exists, name + " is in use", text);
    case EACCES:
    case EPERM: return fail(ErrorKind::no_permission, "not allowed to listen at " + name, text);
    case EADDRNOTAVAIL:
      return fail(ErrorKind::not_found, name + " is not an address of this machine", text);
    default: return fail(ErrorKind::io, "cannot listen at " + name, text);
  }
}

std::unexpected<Error> close_and_fail(int fd, const std::string& name) {
  auto failure = system_failure(name);
  ::close(fd);
  return failure;
}

void set_port(sockaddr_storage& address, std::uint16_t port) {
  // sin_port and sin6_port have the same offset, but the code does not rely on it.
  if (address.ss_family == AF_INET) reinterpret_cast<sockaddr_in&>(address).sin_port = htons(port);
  if (address.ss_family == AF_INET6) {
    reinterpret_cast<sockaddr_in6&>(address).sin6_port = htons(port);
  }
}

std::uint16_t port_of(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
  if (address.ss_family == AF_INET) return ntohs(reinterpret_cast<sockaddr_in&>(address).sin_port);
  if (address.ss_family == AF_INET6) {
    return ntohs(reinterpret_cast<sockaddr_in6&>(address).sin6_port);
  }
  return 0;
}

enum class Family : unsigned char { one, both };

Result<int> listen_at(const sockaddr_storage& address, socklen_t size, Family family,
                      const std::string& name) {
  const int fd = ::socket(address.ss_family, kSocketType, 0);
  if (fd < 0) return system_failure(name);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (address.ss_family == AF_INET6) {
    const int only = family == Family::one ? 1 : 0;
    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof only);
  }
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
      ::listen(fd, kBacklog) != 0) {
    return close_and_fail(fd, name);
  }
  return fd;
}

Result<int> listen_everywhere(std::uint16_t port, const std::string& name) {
  sockaddr_storage address{};
  address.ss_family = AF_INET6;
  set_port(address, port);
  auto fd = listen_at(address, sizeof(sockaddr_in6), Family::both, name);
  if (fd || fd.error().kind == ErrorKind::already_exists ||
      fd.error().kind == ErrorKind::no_permission) {
    return fd;
  }
  address = {};  // IPv6 is not available here.
  address.ss_family = AF_INET;
  set_port(address, port);
  return listen_at(address, sizeof(sockaddr_in), Family::one, name);
}

using AddressList = std::unique_ptr<addrinfo, decltype([](addrinfo* list) { freeaddrinfo(list); })>;

Result<AddressList> look_up(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* list = nullptr;
  const int error = getaddrinfo(host.c_str(), nullptr, &hints, &list);
  if (error != 0) return fail(ErrorKind::not_found, "no such host: " + host, gai_strerror(error));
  return AddressList(list);
}

// Listens on each address of the host. An address that this machine does not have is skipped if
// another one works ("localhost" without IPv6).
Result<std::vector<int>> listen_at_host(const HostPort& where, const std::string& name) {
  auto list = look_up(where.host);
  if (!list) return pass(list);
  std::vector<int> fds;
  Error last;
  std::uint16_t port = where.port;
  for (const addrinfo* entry = list->get(); entry; entry = entry->ai_next) {
    sockaddr_storage address{};
    std::memcpy(&address, entry->ai_addr, entry->ai_addrlen);
    set_port(address, port);
    auto fd = listen_at(address, entry->ai_addrlen, Family::one, name);
    if (fd) {
      fds.push_back(*fd);
      port = port_of(*fd);
      continue;
    }
    last = std::move(fd.error());
    if (last.kind == ErrorKind::not_found || last.kind == ErrorKind::io) continue;
    for (const int open : fds) ::close(open);
    return std::unexpected(std::move(last));
  }
  if (fds.empty()) return std::unexpected(std::move(last));
  return fds;
}

// Returns true if `path` is a socket on which no process listens.
bool is_left_over(const std::string& path, const sockaddr_un& address) {
  struct stat info{};
  if (::lstat(path.c_str(), &info) != 0 || !S_ISSOCK(info.st_mode)) return false;
  const int fd = ::socket(AF_UNIX, kSocketType, 0);
  if (fd < 0) return false;
  const bool refused =
      ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 &&
      errno == ECONNREFUSED;
  ::close(fd);
  return refused;
}

}  // namespace

Result<Listening> listen_tcp(std::string_view host_port) {
  auto where = parse_host_port(host_port);
  if (!where) return pass(where);
  Listening result;
  result.name = host_port;
  if (where->host.empty()) {
    auto fd = listen_everywhere(where->port, result.name);
    if (!fd) return pass(fd);
    result.fds.push_back(*fd);
  } else {
    auto fds = listen_at_host(*where, result.name);
    if (!fds) return pass(fds);
    result.fds = std::move(*fds);
  }
  result.port = port_of(result.fds.front());
  return result;
}

Listening describe_listening(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  return {{fd}, format_address(address), port_of(fd)};
}

Result<Listening> listen_unix(const std::string& path, unsigned mode) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    return fail(ErrorKind::bad_argument, "not a valid path for a unix socket: " + path);
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  const int fd = ::socket(AF_UNIX, kSocketType, 0);
  if (fd < 0) return system_failure(path);
  // Linux creates the file with the socket's own mode, so that its permissions are never too wide.
  ::fchmod(fd, mode);
  const auto bind = [&] {
    return ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  };
  int bound = bind();
  if (bound != 0 && errno == EADDRINUSE) {
    if (is_left_over(path, address)) ::unlink(path.c_str());
    bound = bind();
  }
  // Sets the mode again, because the umask removed some of it.
  if (bound != 0 || ::chmod(path.c_str(), mode) != 0 || ::listen(fd, kBacklog) != 0) {
    return close_and_fail(fd, path);
  }
  return Listening{{fd}, path, 0};
}

}  // namespace posthorn::net
