#include "net/socket_stream.h"

#include <sys/socket.h>

#include <array>
#include <cassert>
#include <cerrno>
#include <cstring>

#include "net/tls_context.h"

namespace posthorn::net {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

// A peer that is always ready must not starve the other work on the loop.
constexpr unsigned kQuickLimit = 32;
constexpr std::size_t kChunk = 16 * 1024;
constexpr milliseconds kCloseLimit{1000};
// If the session continues within this time, the compression state is kept, because rebuilding it
// is expensive.
constexpr milliseconds kRestAfter{2000};

}  // namespace

milliseconds SocketStream::Until::left() {
  const auto now = steady_clock::now();
  if (!at) {
    // Limited, so that it is well within the clock's range.
    at = now + std::min<milliseconds>(after, std::chrono::hours(24 * 365));
    return after;
  }
  return std::max(std::chrono::ceil<milliseconds>(*at - now), milliseconds(0));
}

Error SocketStream::error_of(const Attempt& attempt) const {
  switch (attempt.os_error) {
    case 0:
      if (tls_ && tls_->is_broken()) {
        return {ErrorKind::syntax, "TLS failed", tls_->failure()};
      }
      return {ErrorKind::syntax, "the compressed data is damaged"};
    case ECONNRESET:
    case EPIPE:
    case ENOTCONN:
    case ESHUTDOWN:
    case ETIMEDOUT:
    case EHOSTUNREACH:
    case ENETUNREACH:
      return {ErrorKind::closed, "the peer closed the connection", std::strerror(attempt.os_error)};
    default: return {ErrorKind::io, "the connection failed", std::strerror(attempt.os_error)};
  }
}

bool SocketStream::is_dead() const {
  return socket_->is_shut() || tls_failed_ || (tls_ && tls_->is_broken());
}

Attempt SocketStream::read_below(std::span<char> into) {
  if (is_dead()) return {.step = Step::failed, .os_error = ESHUTDOWN};
  if (!tls_) return socket_->read(into);
  return tls_->read(into);
}

Attempt SocketStream::write_below(std::string_view bytes) {
  if (is_dead()) return {.step = Step::failed, .os_error = ESHUTDOWN};
  if (!tls_) return socket_->write(bytes);
  return tls_->write(bytes);
}

// Returns true if there is input for another attempt. Otherwise `attempt` is the reason why not.
bool SocketStream::fill_inflater(Attempt& attempt) {
  std::array<char, 4096> buffer;  // Uninitialised: only the part that was filled is used.
  attempt = read_below(buffer);
  if (attempt.step != Step::done) return false;
  deflate_->in.feed({buffer.data(), attempt.count});
  return true;
}

Attempt SocketStream::read(std::span<char> into) {
  if (!deflate_) return read_below(into);
  Attempt attempt;
  do {
    attempt = deflate_->in.take(into);
  } while (attempt.step == Step::want_read && fill_inflater(attempt));
  return attempt;
}

Attempt SocketStream::peek() {
  if (is_dead()) return {.step = Step::failed, .os_error = ESHUTDOWN};
  if (deflate_) {
    Attempt attempt;
    do {
      attempt = deflate_->in.peek();
    } while (attempt.step == Step::want_read && fill_inflater(attempt));
    return attempt;
  }
  if (tls_) return tls_->peek();
  char first = 0;
  return socket_->peek(first);
}

async::Task<Result<Socket::Outcome>> SocketStream::wait_for(Step wanted, milliseconds deadline,
                                                            Socket::Wakeable wakeable) {
  quick_ = 0;
  const auto direction =
      wanted == Step::want_write ? Socket::Direction::write : Socket::Direction::read;
  const auto outcome = co_await socket_->wait(direction, deadline, wakeable);
  switch (outcome) {
    case Socket::Outcome::timed_out: co_return fail(ErrorKind::timed_out, "the peer took too long");
    case Socket::Outcome::closed: co_return fail(ErrorKind::closed, "the connection was shut down");
    case Socket::Outcome::ready:
    case Socket::Outcome::woken: break;
  }
  co_return outcome;
}

async::Task<Result<std::size_t>> SocketStream::read_some(std::span<char> into,
                                                         milliseconds deadline) {
  assert(!into.empty());
  if (++quick_ > kQuickLimit) {
    quick_ = 0;
    co_await socket_->loop().yield();
  }
  Until until{deadline};
  for (;;) {
    const Attempt attempt = read(into);
    if (attempt.step == Step::done) {
      traffic_.in += attempt.count;
      if (tap_) tap_->received({into.data(), attempt.count});
      co_return attempt.count;
    }
    if (attempt.step == Step::ended) co_return 0;
    if (attempt.step == Step::failed) co_return std::unexpected(error_of(attempt));
    auto waited = co_await wait_for(attempt.step, until.left(), Socket::Wakeable::no);
    if (!waited) co_return pass(waited);
  }
}

void SocketStream::rest_deflate() {
  deflate_->in.rest();
  if (!writing_) deflate_->out.rest();
}

async::Task<Result<bool>> SocketStream::wait_readable(milliseconds deadline) {
  Until until{deadline};
  bool rested = false;
  for (;;) {
    // TLS and deflate may consume octets of the socket without producing any, so all layers must be
    // asked.
    const Attempt attempt = peek();
    if (attempt.step == Step::done || attempt.step == Step::ended) co_return true;
    if (attempt.step == Step::failed) co_return std::unexpected(error_of(attempt));
    const auto left = until.left();
    const bool rests = deflate_ && !rested && left > kRestAfter;
    auto waited = co_await wait_for(attempt.step, rests ? kRestAfter : left, Socket::Wakeable::yes);
    if (rests && !waited && waited.error().kind == ErrorKind::timed_out) {
      rest_deflate();
      rested = true;
      continue;
    }
    if (!waited) co_return pass(waited);
    if (*waited == Socket::Outcome::woken) co_return false;
  }
}

void SocketStream::pass_write_turn() {
  if (write_queue_.empty()) {
    writing_ = false;
    write_queue_.shrink_to_fit();
    return;
  }
  const auto next = write_queue_.front();
  write_queue_.erase(write_queue_.begin());
  socket_->loop().post([next] { next.resume(); });
}

async::Task<Status> SocketStream::write_all_below(std::string_view bytes, milliseconds deadline) {
  while (!bytes.empty()) {
    const Attempt attempt = write_below(bytes);
    if (attempt.step == Step::done) {
      bytes.remove_prefix(attempt.count);
      if (bytes.empty() || ++quick_ <= kQuickLimit) continue;
      quick_ = 0;
      co_await socket_->loop().yield();
      continue;
    }
    if (attempt.step == Step::failed) co_return std::unexpected(error_of(attempt));
    if (attempt.step == Step::ended) {
      co_return fail(ErrorKind::closed, "the peer closed the connection");
    }
    auto waited = co_await wait_for(attempt.step, deadline, Socket::Wakeable::no);
    if (!waited) co_return pass(waited);
  }
  co_return Status{};
}

async::Task<Status> SocketStream::write_deflated(std::string_view bytes, milliseconds deadline) {
  // Enough for a whole short reply, which is then sent in one piece.
  const std::size_t size = std::min(kChunk, bytes.size() + bytes.size() / 512 + 64);
  const auto buffer = std::make_unique_for_overwrite<char[]>(size);
  deflate_->out.begin(bytes);
  for (;;) {
    const auto count = deflate_->out.next({buffer.get(), size});
    if (!count) co_return fail(ErrorKind::unavailable, "no memory to compress with");
    if (*count == 0) co_return Status{};
    auto written = co_await write_all_below({buffer.get(), *count}, deadline);
    if (!written) co_return pass(written);
  }
}

async::Task<Status> SocketStream::write_in_turn(std::string_view bytes, milliseconds deadline) {
  if (write_broken_) co_return fail(ErrorKind::closed, "an earlier write was not completed");
  if (deflate_) co_return co_await write_deflated(bytes, deadline);
  // Most replies can be sent at once; this avoids a second coroutine for them.
  const Attempt first = bytes.empty() ? Attempt{Step::done} : write_below(bytes);
  if (first.step == Step::done) bytes.remove_prefix(first.count);
  if (bytes.empty()) co_return Status{};
  co_return co_await write_all_below(bytes, deadline);
}

// Writers take turns, in the order of their calls.
async::Task<Status> SocketStream::write(std::string_view bytes, milliseconds deadline) {
  WriteTurn turn{*this};
  co_await turn;
  // Counted and shown before the wait: afterwards the client may already have answered.
  traffic_.out += bytes.size();
  if (tap_) tap_->sent(bytes);
  auto written = co_await write_in_turn(bytes, deadline);
  if (!written) write_broken_ = true;
  pass_write_turn();
  co_return written;
}

// RFC 9051 §6.2.1: nothing received in the clear may count as received under TLS. We hold no clear
// text that could. What the peer sent after STARTTLS and we have not read would make the handshake
// fail anyway; this check gives the failure its own error.
async::Task<Status> SocketStream::refuse_clear_text(Until& until) {
  constexpr char kHandshakeRecord = 22;  // RFC 8446 §5.1
  for (;;) {
    char first = 0;
    const Attempt attempt = socket_->peek(first);
    if (attempt.step == Step::done) {
      if (first == kHandshakeRecord) co_return Status{};
      co_return fail(ErrorKind::syntax, "clear text was received where TLS should begin");
    }
    if (attempt.step == Step::ended)
      co_return fail(ErrorKind::closed, "the peer closed the connection");
    if (attempt.step == Step::failed) co_return std::unexpected(error_of(attempt));
    auto waited = co_await wait_for(attempt.step, until.left(), Socket::Wakeable::no);
    if (!waited) co_return pass(waited);
  }
}

async::Task<Status> SocketStream::handshake(std::unique_ptr<TlsSession> session, Until& until) {
  tls_ = std::move(session);
  for (;;) {
    if (socket_->is_shut()) co_return fail(ErrorKind::closed, "the connection was shut down");
    const Attempt attempt = tls_->handshake();
    if (attempt.step == Step::done) co_return Status{};
    if (attempt.step == Step::ended)
      co_return fail(ErrorKind::closed, "the peer closed the connection");
    if (attempt.step == Step::failed) co_return std::unexpected(error_of(attempt));
    auto waited = co_await wait_for(attempt.step, until.left(), Socket::Wakeable::no);
    if (!waited) co_return pass(waited);
  }
}

async::Task<Status> SocketStream::start_tls(std::shared_ptr<TlsContext> context,
                                            milliseconds deadline, std::string_view alpn) {
  if (!context) {
    tls_failed_ = true;
    co_return fail(ErrorKind::not_supported, "there is no certificate");
  }
  if (tls_ || deflate_ || writing_) {
    co_return fail(ErrorKind::bad_argument, "TLS cannot be started in this state");
  }
  auto session = TlsSession::make(context->native(), socket_->fd(), TlsSession::Side::server);
  if (!session) co_return pass(session);
  (*session)->speak(alpn);
  Until until{deadline};
  auto agreed = co_await refuse_clear_text(until);
  if (agreed) agreed = co_await handshake(std::move(*session), until);
  tls_failed_ = !agreed;
  co_return agreed;
}

async::Task<Status> SocketStream::start_tls_as_client(std::shared_ptr<SSL_CTX> context,
                                                      std::string host, TlsSession::Verify verify,
                                                      milliseconds deadline) {
  if (tls_ || deflate_ || writing_) {
    co_return fail(ErrorKind::bad_argument, "TLS cannot be started in this state");
  }
  auto session = TlsSession::make(std::move(context), socket_->fd(), TlsSession::Side::client);
  if (!session) co_return pass(session);
  auto expected = (*session)->expect_host(host, verify);
  if (!expected) co_return pass(expected);
  Until until{deadline};
  auto agreed = co_await handshake(std::move(*session), until);
  tls_failed_ = !agreed;
  co_return agreed;
}

Status SocketStream::start_deflate() {
  if (deflate_ || writing_)
    return fail(ErrorKind::bad_argument, "compression cannot be started in this state");
  deflate_ = std::make_unique<Deflate>();
  return {};
}

std::optional<std::uint32_t> SocketStream::peer_user() const {
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (getsockopt(socket_->fd(), SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0 ||
      credentials.pid == 0)
    return std::nullopt;
  return credentials.uid;
}

void SocketStream::set_peer(std::string peer, NamedBy by) {
  if (by == NamedBy::gateway && !gateway_)
    gateway_ = std::make_unique<const std::string>(std::move(peer_));
  peer_ = std::move(peer);
}

std::string SocketStream::tls_description() const {
  return tls_ ? tls_->description() : std::string();
}

std::string SocketStream::channel_binding(std::string_view type) const {
  return tls_ ? tls_->channel_binding(type) : std::string();
}

// Reads and discards what the peer has sent. Returns `want_read` if that was all for now.
Attempt SocketStream::drain() {
  constexpr int kRounds = 64;  // 256 KB; a peer that sends more is not waited for.
  std::array<char, 4096> buffer;
  for (int i = 0; i < kRounds; ++i) {
    const Attempt attempt = socket_->read(buffer);
    if (attempt.step != Step::done) return attempt;
  }
  return {Step::ended};
}

async::Task<void> SocketStream::close() {
  Until until{kCloseLimit};
  if (tls_ && !writing_ && !write_broken_ && !is_dead()) {
    while (tls_->close_notify().step == Step::want_write) {
      const auto waited = co_await wait_for(Step::want_write, until.left(), Socket::Wakeable::no);
      if (!waited) break;
    }
  }
  socket_->shutdown_send();
  // Closing a socket with unread input sends a reset, which can destroy our last reply before the
  // peer has read it. So read until the peer closes too.
  while (!socket_->is_shut() && drain().step == Step::want_read) {
    const auto waited = co_await wait_for(Step::want_read, until.left(), Socket::Wakeable::no);
    if (!waited) break;
  }
  socket_->close();
}

}  // namespace posthorn::net
