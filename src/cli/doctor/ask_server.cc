#include "cli/doctor/ask_server.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace posthorn::cli {
namespace {

using Clock = std::chrono::steady_clock;

/// The longest answer: a page of accounts.
constexpr std::size_t kMostOctets = 4 << 20;

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return fd_; }

 private:
  const int fd_;
};

Status wait_for(int fd, short events, Clock::time_point until) {
  const auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()).count();
  pollfd wanted{fd, events, 0};
  if (left > 0 && ::poll(&wanted, 1, static_cast<int>(left)) > 0) return {};
  return fail(ErrorKind::timed_out, "it does not answer");
}

Status connect_to(int fd, const std::string& socket) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket.size() >= sizeof address.sun_path)
    return fail(ErrorKind::bad_argument, "the path is too long for a socket");
  std::memcpy(address.sun_path, socket.data(), socket.size());
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return {};
  const int reason = errno;
  const bool nobody = reason == ENOENT || reason == ECONNREFUSED || reason == ENOTDIR;
  return fail(nobody             ? ErrorKind::not_found
              : reason == EACCES ? ErrorKind::no_permission
              : reason == EAGAIN ? ErrorKind::timed_out
                                 : ErrorKind::io,
              std::strerror(reason));
}

Result<std::string> read_line(int fd, Clock::time_point until) {
  std::string line;
  std::array<char, 16384> buffer{};
  while (!line.ends_with('\n') && line.size() < kMostOctets) {
    if (Status there = wait_for(fd, POLLIN, until); !there) return pass(there);
    const ssize_t got = ::read(fd, buffer.data(), buffer.size());
    if (got <= 0) return fail(ErrorKind::io, "it has closed the connection");
    line.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return line;
}

}  // namespace

Result<admin::Json> ask_server(const std::string& socket, const admin::Json& request,
                               std::chrono::seconds patience) {
  const auto until = Clock::now() + patience;
  const Descriptor fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (fd.get() < 0) return fail(ErrorKind::io, std::strerror(errno));
  if (Status connected = connect_to(fd.get(), socket); !connected) return pass(connected);
  // It fits into the socket's buffer.
  const std::string line = boost::json::serialize(request) + '\n';
  if (::send(fd.get(), line.data(), line.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(line.size()))
    return fail(ErrorKind::io, "the request could not be sent");
  auto answer = read_line(fd.get(), until);
  if (!answer) return pass(answer);
  boost::system::error_code error;
  boost::json::value value = boost::json::parse(*answer, error);
  if (error || !value.is_object()) return fail(ErrorKind::io, "its answer cannot be understood");
  admin::Json& said = value.get_object();
  if (said.contains("error")) return std::unexpected(admin::error_from_json(said));
  return std::move(said);
}

}  // namespace posthorn::cli
