#include "app/machine/notify.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/log.h"

namespace posthorn::app {
namespace {

Status io_failure(const std::string& path) {
  return fail(ErrorKind::io, fmt::format("{}: {}", path, std::strerror(errno)));
}

}  // namespace

void notify_manager(std::string_view state) {
  const char* const name = std::getenv("NOTIFY_SOCKET");
  if (name == nullptr || (name[0] != '/' && name[0] != '@')) return;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::size_t length = std::strlen(name);
  if (length >= sizeof address.sun_path) return;
  std::memcpy(address.sun_path, name, length);
  if (name[0] == '@') address.sun_path[0] = '\0';  // The abstract name space.
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return;
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length);
  if (::sendto(fd, state.data(), state.size(), MSG_NOSIGNAL,
               reinterpret_cast<const sockaddr*>(&address), size) < 0)
    log::warning("cannot notify the service manager: {}", std::strerror(errno));
  ::close(fd);
}

Status write_file_atomically(const std::string& path, std::string_view content) {
  const std::string draft = fmt::format("{}.{}", path, ::getpid());
  const int fd = ::open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return io_failure(draft);
  const ssize_t written = ::write(fd, content.data(), content.size());
  const bool whole = written == static_cast<ssize_t>(content.size()) && ::fsync(fd) == 0;
  const bool closed = ::close(fd) == 0;
  if (!whole || !closed || std::rename(draft.c_str(), path.c_str()) != 0) {
    Status failed = io_failure(path);
    ::unlink(draft.c_str());
    return failed;
  }
  return {};
}

}  // namespace posthorn::app
