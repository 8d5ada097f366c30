#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

#include "cli/doctor/checks.h"

namespace posthorn::cli {
namespace {

constexpr int kPatienceMs = 1000;

struct Port {
  std::string_view key;
  std::vector<config::Endpoint> config::Listen::* endpoints;
};

constexpr auto kPorts = std::to_array<Port>({
    {"listen.imap", &config::Listen::imap},
    {"listen.imaps", &config::Listen::imaps},
    {"listen.pop3", &config::Listen::pop3},
    {"listen.pop3s", &config::Listen::pop3s},
    {"listen.submission", &config::Listen::submission},
    {"listen.submissions", &config::Listen::submissions},
    {"listen.lmtp", &config::Listen::lmtp},
    {"listen.https", &config::Listen::https},
    {"listen.http", &config::Listen::http},
    {"listen.metrics", &config::Listen::metrics},
});

/// Returns the errno of a connection to the address; 0 if it was accepted.
int error_of_connecting(const addrinfo& to) {
  const int fd = ::socket(to.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return errno;
  int error = ::connect(fd, to.ai_addr, to.ai_addrlen) == 0 ? 0 : errno;
  if (error == EINPROGRESS) {
    pollfd wanted{fd, POLLOUT, 0};
    socklen_t size = sizeof error;
    error = ETIMEDOUT;
    if (::poll(&wanted, 1, kPatienceMs) > 0) ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
  }
  ::close(fd);
  return error;
}

int error_of_connecting(const config::Endpoint& endpoint) {
  const std::string host = endpoint.host == "*" ? "127.0.0.1" : endpoint.host;
  const std::string port = std::to_string(endpoint.port);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), port.c_str(), &hints, &found) != 0) return EADDRNOTAVAIL;
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> list(found, ::freeaddrinfo);
  return error_of_connecting(*list);
}

}  // namespace

void check_listeners(const Installation& installation, Findings& findings) {
  if (!installation.is_running()) return;
  std::size_t open = 0;
  for (const Port& port : kPorts) {
    for (const config::Endpoint& endpoint : installation.config().listen.*port.endpoints) {
      const int error = error_of_connecting(endpoint);
      if (error == 0) {
        ++open;
        continue;
      }
      findings.fault(fmt::format("{}: nobody accepts connections on {}: {}", port.key,
                                 config::to_text(endpoint), std::strerror(error)),
                     "Restart the server if the key was changed since it was started, and look at "
                     "its log.");
    }
  }
  if (findings.is_clean()) findings.ok(fmt::format("{} ports accept connections", open));
}

}  // namespace posthorn::cli
