#include "load/listeners.h"

#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "load/dial.h"

namespace posthorn::bench {
namespace {

constexpr std::uint64_t kOpenedAtOnce = 16;
constexpr std::size_t kBuffer = 64U << 10;
constexpr std::size_t kLongestGreeting = 8U << 10;
constexpr int kEventsAtOnce = 512;

Status send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return fail(ErrorKind::io, "cannot send", std::strerror(errno));
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return {};
}

/// Reads up to and with a line that begins with `word`; what follows it must not come yet.
Status read_until(int fd, std::string_view word) {
  std::string seen = "\n";
  while (!seen.contains(fmt::format("\n{}", word)) || !seen.ends_with('\n')) {
    std::array<char, 4096> bytes{};
    const ssize_t got = ::recv(fd, bytes.data(), bytes.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(ErrorKind::timed_out, "no answer", std::strerror(errno));
    if (got == 0) return fail(ErrorKind::closed, "the server closed the connection");
    seen.append(bytes.data(), static_cast<std::size_t>(got));
    if (seen.size() > kLongestGreeting || seen.contains(" NO ") || seen.contains(" BAD "))
      return fail(ErrorKind::io, "refused", seen.substr(0, kLongestGreeting));
  }
  return {};
}

std::string login_line(const Target& target, std::uint64_t user) {
  return fmt::format("a LOGIN {} {}\r\n", user_name(target, user), target.password);
}

/// The number in the last "* n EXISTS"; 0 without one.
std::uint64_t exists_in(std::string_view said) {
  const std::size_t end = said.rfind(" EXISTS");
  if (end == std::string_view::npos || end == 0) return 0;
  const std::size_t star = said.rfind("* ", end);
  if (star == std::string_view::npos) return 0;
  return std::strtoull(std::string(said.substr(star + 2, end - star - 2)).c_str(), nullptr, 10);
}

}  // namespace

Listeners::Listeners(Listeners&& other) noexcept
    : epoll_(std::exchange(other.epoll_, -1)),
      sender_(std::exchange(other.sender_, -1)),
      idlers_(std::exchange(other.idlers_, {})),
      count_(other.count_),
      heard_(std::move(other.heard_)),
      exists_before_(other.exists_before_),
      exists_(other.exists_),
      buffer_(std::move(other.buffer_)) {}

Listeners::~Listeners() {
  for (const int fd : idlers_) ::close(fd);
  if (sender_ >= 0) ::close(sender_);
  if (epoll_ >= 0) ::close(epoll_);
}

Status Listeners::watch(int fd) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0)
    return fail(ErrorKind::io, "cannot watch a connection", std::strerror(errno));
  heard_.resize(std::max(heard_.size(), static_cast<std::size_t>(fd) + 1));
  return {};
}

Status Listeners::add_some(const Target& target, std::uint64_t user, std::uint64_t count) {
  const std::size_t first = idlers_.size();
  for (std::uint64_t i = 0; i < count; ++i) {
    auto fd = dial(target.host, target.imap_port);
    if (!fd) return pass(fd);
    idlers_.push_back(*fd);
    Status sent = send_all(*fd, login_line(target, user));
    if (!sent) return sent;
  }
  const auto each = [&](auto&& step) -> Status {
    for (std::size_t i = first; i < idlers_.size(); ++i)
      if (Status done = step(idlers_[i]); !done) return done;
    return {};
  };
  Status done = each([](int fd) { return read_until(fd, "a OK"); });
  if (done) done = each([](int fd) { return send_all(fd, "b SELECT INBOX\r\n"); });
  if (done) done = each([](int fd) { return read_until(fd, "b OK"); });
  if (done) done = each([](int fd) { return send_all(fd, "c IDLE\r\n"); });
  if (done) done = each([](int fd) { return read_until(fd, "+ "); });
  if (done) done = each([this](int fd) { return watch(fd); });
  return done;
}

Result<Listeners> Listeners::open(const Target& target, std::uint64_t user, std::uint64_t count,
                                  double patience_ms) {
  Listeners all;
  all.buffer_.resize(kBuffer);
  all.epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  auto sender = dial(target.host, target.imap_port);
  if (!sender) return pass(sender);
  all.sender_ = *sender;
  Status ready = send_all(all.sender_, login_line(target, user));
  if (ready) ready = read_until(all.sender_, "a OK");
  if (ready) ready = all.watch(all.sender_);
  if (!ready) return pass(ready);
  const Stopwatch watch;
  while (all.idlers_.size() < count && watch.milliseconds() < patience_ms) {
    Status added = all.add_some(target, user,
                                std::min<std::uint64_t>(kOpenedAtOnce, count - all.idlers_.size()));
    if (!added) return pass(added);
  }
  all.count_ = all.idlers_.size();
  return all;
}

Result<bool> Listeners::hear(int fd) {
  const ssize_t got = ::recv(fd, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
  if (got == 0) return fail(ErrorKind::closed, "the server closed a session in IDLE");
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return false;
  if (got < 0) return fail(ErrorKind::io, "a session in IDLE broke", std::strerror(errno));
  const std::string_view said(buffer_.data(), static_cast<std::size_t>(got));
  if (fd == sender_) return said.contains("d OK");
  std::uint64_t& heard = heard_[static_cast<std::size_t>(fd)];
  const std::uint64_t exists = exists_in(said);
  if (exists <= exists_before_ || heard > exists_before_) return false;
  heard = exists;
  exists_ = std::max(exists_, exists);
  return true;
}

Result<double> Listeners::append_and_wait(const std::string& message, double patience_ms) {
  exists_before_ = exists_;
  const Stopwatch watch;
  Status sent =
      send_all(sender_, fmt::format("d APPEND INBOX {{{}+}}\r\n{}\r\n", message.size(), message));
  if (!sent) return pass(sent);
  double last_ms = 0;
  std::array<epoll_event, kEventsAtOnce> events{};
  for (std::uint64_t waiting = count_ + 1; waiting > 0;) {
    const double left = patience_ms - watch.milliseconds();
    const int ready =
        ::epoll_wait(epoll_, events.data(), kEventsAtOnce, static_cast<int>(std::max(left, 0.0)));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0)
      return fail(ErrorKind::timed_out,
                  fmt::format("{} of {} sessions had no EXISTS", waiting, count_));
    for (int i = 0; i < ready; ++i) {
      const int fd = events[static_cast<std::size_t>(i)].data.fd;
      auto news = hear(fd);
      if (!news) return pass(news);
      if (!*news) continue;
      --waiting;
      if (fd != sender_) last_ms = watch.milliseconds();
    }
  }
  return last_ms;
}

}  // namespace posthorn::bench
