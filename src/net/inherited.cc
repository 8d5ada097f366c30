#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <string_view>

#include "net/listener.h"
#include "net/listening.h"

namespace posthorn::net {

namespace {

constexpr int kFirstInherited = 3;  // SD_LISTEN_FDS_START
constexpr int kMostInherited = 1024;

int number_in(const char* variable) {
  const char* const value = std::getenv(variable);
  if (!value) return -1;
  const std::string_view text(value);
  int number = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? number : -1;
}

}  // namespace

std::vector<InheritedSocket> take_inherited_sockets() {
  std::vector<InheritedSocket> sockets;
  const int count = number_in("LISTEN_FDS");
  if (number_in("LISTEN_PID") == ::getpid() && count > 0 && count <= kMostInherited) {
    const char* const listed = std::getenv("LISTEN_FDNAMES");
    std::string_view names = listed ? listed : "";
    for (int fd = kFirstInherited; fd < kFirstInherited + count; ++fd) {
      const auto colon = names.find(':');
      ::fcntl(fd, F_SETFD, FD_CLOEXEC);
      sockets.push_back({fd, std::string(names.substr(0, colon))});
      names.remove_prefix(colon == std::string_view::npos ? names.size() : colon + 1);
    }
  }
  ::unsetenv("LISTEN_PID");
  ::unsetenv("LISTEN_FDS");
  ::unsetenv("LISTEN_FDNAMES");
  return sockets;
}

Result<std::vector<InheritedSocket>> bind_tcp(std::string_view host_port, const std::string& name) {
  auto listening = listen_tcp(host_port);
  if (!listening) return pass(listening);
  std::vector<InheritedSocket> sockets;
  for (const int fd : listening->fds) sockets.push_back({fd, name});
  return sockets;
}

}  // namespace posthorn::net
