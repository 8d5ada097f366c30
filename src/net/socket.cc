#include "net/socket.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/posix/descriptor_base.hpp>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <utility>

namespace posthorn::net {

namespace {

Attempt from_errno(Step again) {
  if (errno == EAGAIN || errno == EWOULDBLOCK) return {again};
  return {.step = Step::failed, .os_error = errno};
}

}  // namespace

struct Socket::Lists {
  Waits waiting[2];
  Waits released;
};

Socket::Socket(async::Loop& loop)
    : loop_(loop), descriptor_(loop.native()), lists_(std::make_unique<Lists>()) {}

Socket::~Socket() = default;

Result<std::shared_ptr<Socket>> Socket::adopt(int fd) {
  assert(async::Loop::current());
  auto socket = std::make_shared<Socket>(*async::Loop::current());
  boost::system::error_code error;
  socket->descriptor_.assign(fd, error);
  if (error) {
    ::close(fd);
    return fail(ErrorKind::io, "the socket cannot be watched", error.message());
  }
  socket->descriptor_.non_blocking(true, error);
  if (error) return fail(ErrorKind::io, "the socket cannot be used", error.message());
  return socket;
}

Attempt Socket::read(std::span<char> into) {
  if (shut_) return {.step = Step::failed, .os_error = ESHUTDOWN};
  ssize_t n = 0;
  do {
    n = ::recv(fd(), into.data(), into.size(), 0);
  } while (n < 0 && errno == EINTR);
  if (n < 0) return from_errno(Step::want_read);
  if (n == 0) return {Step::ended};
  return {Step::done, static_cast<std::size_t>(n)};
}

Attempt Socket::write(std::string_view bytes) {
  if (shut_) return {.step = Step::failed, .os_error = ESHUTDOWN};
  ssize_t n = 0;
  do {
    n = ::send(fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  } while (n < 0 && errno == EINTR);
  if (n < 0) return from_errno(Step::want_write);
  return {Step::done, static_cast<std::size_t>(n)};
}

Attempt Socket::peek(char& first) {
  if (shut_) return {.step = Step::failed, .os_error = ESHUTDOWN};
  ssize_t n = 0;
  do {
    n = ::recv(fd(), &first, 1, MSG_PEEK);
  } while (n < 0 && errno == EINTR);
  if (n < 0) return from_errno(Step::want_read);
  if (n == 0) return {Step::ended};
  return {Step::done, 1};
}

Socket::Waits& Socket::waits(Direction direction) {
  return lists_->waiting[static_cast<std::size_t>(direction)];
}

// At most one readiness operation per direction is pending. A wait that ends early leaves the
// operation in place, and the next wait takes it over.
void Socket::arm(Direction direction) {
  bool& armed = armed_[static_cast<std::size_t>(direction)];
  if (armed) return;
  armed = true;
  const auto type = direction == Direction::read ? boost::asio::posix::descriptor_base::wait_read
                                                 : boost::asio::posix::descriptor_base::wait_write;
  descriptor_.async_wait(type,
                         [self = shared_from_this(), direction](const boost::system::error_code&) {
                           self->armed_[static_cast<std::size_t>(direction)] = false;
                           if (self->shut_) return;
                           // The next attempt will meet the error again and report it.
                           self->release(direction, Outcome::ready, Which::all);
                           self->resume_released();
                         });
}

void Socket::release(Direction direction, Outcome outcome, Which which) {
  auto& list = waits(direction);
  for (auto it = list.begin(); it != list.end();) {
    Wait& wait = *it++;
    if (which == Which::wakeable && wait.wakeable_ == Wakeable::no) continue;
    wait.unlink();
    wait.timer_.cancel();
    wait.outcome_ = outcome;
    lists_->released.push_back(wait);
  }
}

void Socket::resume_released() {
  while (!lists_->released.empty()) {
    Wait& wait = lists_->released.front();
    wait.unlink();
    wait.waiting_.resume();
  }
}

// Posted, because the caller of wake() or shutdown_now() must not have whole sessions run inside
// its call.
void Socket::resume_released_soon() {
  if (lists_->released.empty()) return;
  loop_.post([self = shared_from_this()] { self->resume_released(); });
}

void Socket::wake() {
  release(Direction::read, Outcome::woken, Which::wakeable);
  release(Direction::write, Outcome::woken, Which::wakeable);
  resume_released_soon();
}

void Socket::shutdown_now() {
  if (shut_) return;
  shut_ = true;
  if (descriptor_.is_open()) ::shutdown(fd(), SHUT_RDWR);
  release(Direction::read, Outcome::closed, Which::all);
  release(Direction::write, Outcome::closed, Which::all);
  resume_released_soon();
}

bool Socket::peer_has_left() {
  if (shut_ || fd() < 0) return true;
  pollfd asked{.fd = fd(), .events = POLLRDHUP, .revents = 0};
  return ::poll(&asked, 1, 0) > 0 && (asked.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

void Socket::shutdown_send() {
  if (descriptor_.is_open()) ::shutdown(fd(), SHUT_WR);
}

void Socket::close() {
  shut_ = true;
  boost::system::error_code ignored;
  descriptor_.close(ignored);
  release(Direction::read, Outcome::closed, Which::all);
  release(Direction::write, Outcome::closed, Which::all);
  resume_released_soon();
}

int Socket::release() {
  shut_ = true;
  return descriptor_.release();
}

bool Socket::Wait::await_ready() {
  if (!socket_.shut_) return false;
  outcome_ = Outcome::closed;
  return true;
}

void Socket::Wait::await_suspend(std::coroutine_handle<> waiting) {
  waiting_ = waiting;
  socket_.waits(direction_).push_back(*this);
  timer_.set(deadline_, [this] {
    unlink();
    outcome_ = Outcome::timed_out;
    waiting_.resume();
  });
  socket_.arm(direction_);
}

}  // namespace posthorn::net
