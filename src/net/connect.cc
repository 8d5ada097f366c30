#include "net/connect.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/ip/tcp.hpp>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <vector>

#include "async/event.h"
#include "net/socket_stream.h"
#include "net/tcp_stream.h"
#include "net/tls_context.h"

namespace posthorn::net {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

using Tcp = boost::asio::ip::tcp;
using StreamResult = Result<std::unique_ptr<Stream>>;

struct Target {
  sockaddr_storage address = {};
  socklen_t size = 0;
};

steady_clock::time_point end_of(milliseconds deadline) {
  return steady_clock::now() + std::min<milliseconds>(deadline, std::chrono::hours(24 * 365));
}

milliseconds left_until(steady_clock::time_point end) {
  return std::max(std::chrono::ceil<milliseconds>(end - steady_clock::now()), milliseconds(0));
}

// A name lookup. Outlives the coroutine if the deadline passes first, because a lookup in progress
// cannot be stopped.
struct Lookup {
  explicit Lookup(async::Loop& loop) : resolver(loop.native()) {}
  Tcp::resolver resolver;
  async::Event ended;
  bool answered = false;
  boost::system::error_code error;
  std::vector<Target> targets;
};

void keep_targets(Lookup& lookup, const Tcp::resolver::results_type& results) {
  for (const auto& entry : results) {
    Target target;
    const auto endpoint = entry.endpoint();
    target.size = static_cast<socklen_t>(endpoint.size());
    std::memcpy(&target.address, endpoint.data(), endpoint.size());
    lookup.targets.push_back(target);
  }
}

async::Task<Result<std::vector<Target>>> look_up(std::string host, std::uint16_t port,
                                                 milliseconds deadline) {
  const auto lookup = std::make_shared<Lookup>(*async::Loop::current());
  lookup->resolver.async_resolve(
      host, std::to_string(port), Tcp::resolver::numeric_service,
      [lookup](const boost::system::error_code& error, const Tcp::resolver::results_type& results) {
        lookup->answered = true;
        lookup->error = error;
        if (!error) keep_targets(*lookup, results);
        lookup->ended.set();
      });
  async::Timer timer;
  timer.set(deadline, [event = &lookup->ended] { event->set(); });
  co_await lookup->ended.wait();
  if (!lookup->answered) co_return fail(ErrorKind::timed_out, "the DNS lookup took too long");
  if (lookup->error || lookup->targets.empty()) {
    co_return fail(ErrorKind::not_found, "no such host: " + host, lookup->error.message());
  }
  co_return std::move(lookup->targets);
}

Result<std::unique_ptr<Stream>> refused(int error) {
  const auto kind = error == ETIMEDOUT ? ErrorKind::timed_out : ErrorKind::unavailable;
  return fail(kind, "cannot connect", std::strerror(error));
}

// A socket that is connecting is watched by a temporary Socket, which gives it away once connected.
async::Task<Result<int>> finish_connecting(int fd, milliseconds deadline) {
  auto socket = Socket::adopt(fd);
  if (!socket) co_return pass(socket);
  const auto outcome =
      co_await (*socket)->wait(Socket::Direction::write, deadline, Socket::Wakeable::no);
  int error = outcome == Socket::Outcome::timed_out ? ETIMEDOUT : 0;
  socklen_t size = sizeof error;
  if (error == 0) getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error == 0) co_return (*socket)->release();
  (*socket)->close();
  co_return pass(refused(error));
}

async::Task<StreamResult> connect_to(Target target, milliseconds deadline) {
  const auto end = end_of(deadline);
  const int fd = ::socket(target.address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) co_return fail(ErrorKind::io, "cannot create a socket", std::strerror(errno));
  for (;;) {
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&target.address), target.size) == 0) {
      co_return make_stream(fd);
    }
    const int error = errno;
    if (error == EINPROGRESS || error == EINTR) break;
    // A Unix socket with a full queue fails at once instead of waiting.
    if (error != EAGAIN || steady_clock::now() >= end) {
      ::close(fd);
      co_return refused(error == EAGAIN ? ETIMEDOUT : error);
    }
    co_await async::sleep_for(milliseconds(2));
  }
  auto connected = co_await finish_connecting(fd, left_until(end));
  if (!connected) co_return pass(connected);
  co_return make_stream(*connected);
}

}  // namespace

async::Task<StreamResult> connect(std::string host, std::uint16_t port, milliseconds deadline) {
  assert(async::Loop::current());
  const auto end = end_of(deadline);
  auto targets = co_await look_up(std::move(host), port, deadline);
  if (!targets) co_return pass(targets);
  StreamResult stream = refused(ECONNREFUSED);
  for (std::size_t i = 0; i < targets->size(); ++i) {
    // Divides the time among the addresses, so that one that does not answer leaves time for the
    // others.
    const auto share = left_until(end) / static_cast<long>(targets->size() - i);
    stream = co_await connect_to((*targets)[i], share);
    if (stream) break;
  }
  co_return stream;
}

async::Task<StreamResult> connect_unix(std::string path, milliseconds deadline) {
  assert(async::Loop::current());
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    co_return fail(ErrorKind::bad_argument, "not a valid path for a unix socket: " + path);
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  Target target;
  std::memcpy(&target.address, &address, sizeof address);
  target.size = sizeof address;
  co_return co_await connect_to(target, deadline);
}

async::Task<Status> start_tls_client(Stream& stream, std::shared_ptr<TlsClientContext> context,
                                     std::string host, milliseconds deadline) {
  auto* const socket_stream = dynamic_cast<SocketStream*>(&stream);
  assert(socket_stream);
  const auto verify = context->verify() ? TlsSession::Verify::yes : TlsSession::Verify::no;
  co_return co_await socket_stream->start_tls_as_client(context->native(), std::move(host), verify,
                                                        deadline);
}

}  // namespace posthorn::net
