#include "net/listener.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <optional>

#include "async/event.h"
#include "async/gate.h"
#include "base/log.h"
#include "net/listening.h"
#include "net/socket.h"
#include "net/tcp_stream.h"

namespace posthorn::net {

using std::chrono::milliseconds;

namespace {

constexpr milliseconds kPause{100};
constexpr int kBatch = 64;  // Connections accepted in a row before other work on the loop runs.

}  // namespace

/// Accepts the connections of one listening socket, on one loop. Shared with its own coroutine.
class Listener::Acceptor : public std::enable_shared_from_this<Acceptor> {
 public:
  Acceptor(async::LoopPool& pool, int fd, std::string name,
           std::shared_ptr<const OnConnection> on_connection, int below)
      : pool_(pool),
        fd_(fd),
        below_(below),
        name_(std::move(name)),
        on_connection_(std::move(on_connection)) {}
  ~Acceptor() {
    if (fd_ >= 0) ::close(fd_);
    if (spare_ >= 0) ::close(spare_);
  }
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;

  /// To be called on the loop. Runs until stop().
  void start() {
    if (stopped_) return;
    auto socket = Socket::adopt(std::exchange(fd_, -1));
    if (!socket) {
      log::error("{}: {}: {}", name_, socket.error().text, socket.error().cause);
      return;
    }
    socket_ = std::move(*socket);
    pause_.emplace();
    reserve();
    gate_.spawn(accept_all(shared_from_this()));
  }

  /// To be called on the loop.
  void stop() {
    stopped_ = true;
    if (!socket_) return;
    socket_->close();
    pause_->cancel();
    resume_.set();
  }

 private:
  static async::Task<void> accept_all(std::shared_ptr<Acceptor> self) {
    while (!self->stopped_) {
      const milliseconds pause = self->accept_batch();
      if (pause.count() > 0) {
        self->pause_->set(pause, [event = &self->resume_] { event->set(); });
        co_await self->resume_.wait();
      } else {
        (void)co_await self->socket_->wait(Socket::Direction::read, milliseconds::max(),
                                           Socket::Wakeable::no);
      }
    }
  }

  // Returns the time to pause before the next batch.
  milliseconds accept_batch() {
    for (int i = 0; i < kBatch; ++i) {
      const int fd = ::accept4(socket_->fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd >= below_) {
        ::close(fd);
        log::warning(
            "{}: all descriptors for connections are in use, so a connection is refused (ulimit "
            "-n)",
            name_);
        continue;
      }
      if (fd >= 0) {
        deal(fd);
        continue;
      }
      switch (errno) {
        case EAGAIN: return milliseconds(0);
        case EMFILE:
        case ENFILE: refuse_one(); return kPause;
        case ENOBUFS:
        case ENOMEM:
        case EBADF:
        case EINVAL: return kPause;  // The socket was shut down, by stop() at the latest.
        default: continue;           // This connection failed before it was accepted (accept(2)).
      }
    }
    return milliseconds(0);
  }

  void deal(int fd) {
    async::Loop& loop = pool_.next();
    loop.post([fd, on_connection = on_connection_] {
      auto stream = make_stream(fd);
      if (stream) (*on_connection)(std::move(*stream));
    });
  }

  void reserve() { spare_ = ::open("/dev/null", O_RDONLY | O_CLOEXEC); }

  void refuse_one() {
    log::warning("{}: no descriptor is free, so a connection is refused (ulimit -n)", name_);
    if (spare_ < 0) {
      reserve();
      return;
    }
    ::close(std::exchange(spare_, -1));
    const int fd = ::accept4(socket_->fd(), nullptr, nullptr, SOCK_CLOEXEC);
    if (fd >= 0) ::close(fd);
    reserve();
  }

  async::LoopPool& pool_;
  int fd_;
  const int below_;
  const std::string name_;
  const std::shared_ptr<const OnConnection> on_connection_;
  std::shared_ptr<Socket> socket_;
  int spare_ = -1;
  bool stopped_ = false;
  std::optional<async::Timer> pause_;
  async::Event resume_;
  async::Gate gate_;
};

void Listener::start(async::LoopPool& pool, std::vector<int> fds, OnConnection on_connection,
                     int below) {
  const auto shared = std::make_shared<const OnConnection>(std::move(on_connection));
  loop_ = &pool.next();
  for (const int fd : fds) {
    acceptors_.push_back(std::make_shared<Acceptor>(pool, fd, name_, shared, below));
    loop_->post([acceptor = acceptors_.back()] { acceptor->start(); });
  }
}

Result<std::unique_ptr<Listener>> Listener::tcp(async::LoopPool& pool, std::string_view host_port,
                                                OnConnection on_connection, int below) {
  auto listening = listen_tcp(host_port);
  if (!listening) return pass(listening);
  std::unique_ptr<Listener> listener(new Listener(listening->name, listening->port));
  listener->start(pool, std::move(listening->fds), std::move(on_connection), below);
  return listener;
}

Result<std::unique_ptr<Listener>> Listener::unix_socket(async::LoopPool& pool,
                                                        const std::string& path, unsigned mode,
                                                        OnConnection on_connection, int below) {
  auto listening = listen_unix(path, mode);
  if (!listening) return pass(listening);
  std::unique_ptr<Listener> listener(new Listener(path, 0));
  listener->path_to_remove_ = path;
  listener->start(pool, std::move(listening->fds), std::move(on_connection), below);
  return listener;
}

Result<std::unique_ptr<Listener>> Listener::inherited(async::LoopPool& pool, int fd,
                                                      OnConnection on_connection, int below) {
  int listens = 0;
  socklen_t size = sizeof listens;
  if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0 || listens == 0) {
    return fail(ErrorKind::bad_argument, "the inherited descriptor is not a listening socket");
  }
  auto listening = describe_listening(fd);
  std::unique_ptr<Listener> listener(new Listener(listening.name, listening.port));
  listener->start(pool, std::move(listening.fds), std::move(on_connection), below);
  return listener;
}

Listener::~Listener() { stop(); }

void Listener::stop() {
  if (!path_to_remove_.empty()) ::unlink(std::exchange(path_to_remove_, {}).c_str());
  for (auto& acceptor : std::exchange(acceptors_, {})) {
    loop_->post([acceptor = std::move(acceptor)] { acceptor->stop(); });
  }
}

}  // namespace posthorn::net
