#include "admin/remote_admin.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "admin/audit.h"
#include "net/tcp_stream.h"

namespace posthorn::admin {

async::Task<Result<std::unique_ptr<RemoteAdmin>>> RemoteAdmin::connect(std::string socket_path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_path.size() >= sizeof address.sun_path)
    co_return fail(ErrorKind::bad_argument, socket_path + ": the path is too long for a socket");
  std::memcpy(address.sun_path, socket_path.data(), socket_path.size());
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) co_return fail(ErrorKind::io, std::strerror(errno));
  // Connecting to a Unix socket does not wait for a network.
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    const int reason = errno;
    ::close(fd);
    const bool nobody = reason == ENOENT || reason == ECONNREFUSED || reason == ENOTDIR;
    const ErrorKind kind = nobody             ? ErrorKind::not_found
                           : reason == EACCES ? ErrorKind::no_permission
                                              : ErrorKind::io;
    co_return fail(kind, fmt::format("{}: {}", socket_path, std::strerror(reason)));
  }
  auto stream = net::make_stream(fd);
  if (!stream) co_return pass(stream);
  co_return std::unique_ptr<RemoteAdmin>(new RemoteAdmin(std::move(*stream)));
}

async::Task<Result<Answer>> RemoteAdmin::read_answer() {
  auto said = co_await channel_.read();
  if (!said) co_return pass(said);
  if (said->contains("error")) co_return std::unexpected(error_from_json(*said));
  Answer answer{std::move(*said)};
  if (answer.said.contains("octets"))
    answer.octets = channel_.octets(number_of(answer.said, "octets"));
  co_return answer;
}

namespace {

/// Adds who has run this command as root, which the server cannot know.
Json signed_by_caller(Json request) {
  if (const char* const by = std::getenv("SUDO_USER")) request[kSudoUser] = by;
  return request;
}

}  // namespace

async::Task<Result<Answer>> RemoteAdmin::call(Json request) {
  request = signed_by_caller(std::move(request));
  Status sent = co_await channel_.write(request);
  if (!sent) co_return pass(sent);
  co_return co_await read_answer();
}

async::Task<Result<Answer>> RemoteAdmin::call(Json request, OctetSource& octets) {
  request = signed_by_caller(std::move(request));
  Status sent = co_await channel_.write(request);
  if (sent) sent = co_await send_octets(*stream_, octets);
  if (!sent) co_return pass(sent);
  co_return co_await read_answer();
}

}  // namespace posthorn::admin
