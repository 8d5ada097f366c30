#include "server/imap/connection.h"

#include <algorithm>
#include <span>
#include <utility>

#include "wire/imap/response/response.h"

namespace posthorn::server::imap {
namespace {

using async::Task;
using std::chrono::milliseconds;
using wire::imap::ReceiverEvent;

constexpr std::size_t kReadOctets = 4 * 1024;
constexpr std::size_t kLiteralReadOctets = 64 * 1024;
/// Buffers up to this size are kept between commands of a busy client.
constexpr std::size_t kKeptOctets = 16 * 1024;

}  // namespace

Connection::Connection(net::Stream& stream, const frame::Connections& connections,
                       milliseconds write_time)
    : stream_(stream),
      connections_(connections),
      write_time_(write_time),
      deadline_(stream),
      receiver_(wire::imap::ReceiverLimits::before_login()) {}

Task<Status> Connection::flush() {
  if (out_.empty()) co_return Status();
  // Output that is produced during this wait is collected in a new string.
  std::string bytes = std::exchange(out_, {});
  auto written = co_await stream_.write(bytes, write_time_);
  sent_ += bytes.size();
  if (out_.empty() && bytes.capacity() <= 2 * kFullOctets) {
    bytes.clear();
    out_ = std::move(bytes);
  }
  co_return written;
}

void Connection::consume(std::size_t octets) {
  start_ += octets;
  if (start_ == in_.size()) {
    in_.clear();
    start_ = 0;
  } else if (start_ > kLiteralReadOctets) {
    in_.erase(0, start_);
    start_ = 0;
  }
}

void Connection::release_buffers() {
  if (in_.empty()) std::string().swap(in_);
  if (out_.empty()) std::string().swap(out_);
}

// Not a part of the frame of next(), in which an idle session waits.
[[gnu::noinline]] Task<Status> Connection::read(std::size_t room, milliseconds deadline) {
  if (start_ > 0) {
    in_.erase(0, start_);
    start_ = 0;
  }
  const std::size_t had = in_.size();
  in_.resize_and_overwrite(had + room, [](char*, std::size_t size) { return size; });
  auto got = co_await stream_.read_some(std::span(in_.data() + had, room), deadline);
  in_.resize(had + (got ? *got : 0));
  if (!got) co_return pass(got);
  if (*got == 0) co_return fail(ErrorKind::closed, "the client closed the connection");
  if (in_.empty() && in_.capacity() > kKeptOctets) std::string().swap(in_);
  co_return Status();
}

Task<Result<Connection::Next>> Connection::next(wire::imap::Receiver::Expect expect,
                                                milliseconds deadline, News news) {
  while (true) {
    // Asked also when input is there: a client that always has some would otherwise never be late.
    if (deadline_.has_passed()) co_return Next{Next::Kind::late};
    const ReceiverEvent event = receiver_.next(input(), expect);
    if (event.kind == ReceiverEvent::Kind::need_continuation) {
      wire::imap::Writer writer(out_);
      wire::imap::format_continuation(writer, "Ready for the literal");
    } else if (event.kind != ReceiverEvent::Kind::need_more) {
      co_return Next{Next::Kind::event, event};
    }
    consume(event.consumed);
    if (auto flushed = co_await flush(); !flushed) co_return pass(flushed);
    if (connections_.stopping()) co_return Next{Next::Kind::stopping};
    if (news == News::end && std::exchange(has_news_, false)) co_return Next{Next::Kind::news};
    release_buffers();
    auto readable = co_await stream_.wait_readable(deadline_.limit(deadline));
    if (!readable && readable.error().kind == ErrorKind::timed_out) {
      co_return Next{deadline_.has_passed() ? Next::Kind::late : Next::Kind::timed_out};
    }
    if (!readable) co_return pass(readable);
    if (!*readable) continue;  // Woken: the checks at the start of the loop find out why.
    if (auto got = co_await read(kReadOctets, deadline_.limit(deadline)); !got) co_return pass(got);
  }
}

Task<Result<std::string_view>> Connection::literal_octets(std::uint64_t limit,
                                                          milliseconds deadline) {
  if (!has_input()) {
    if (auto flushed = co_await flush(); !flushed) co_return pass(flushed);
    const auto room = static_cast<std::size_t>(std::min<std::uint64_t>(kLiteralReadOctets, limit));
    if (auto got = co_await read(room, deadline); !got) co_return pass(got);
  }
  co_return input().substr(0, limit);
}

void Connection::wake() {
  has_news_ = true;
  stream_.wake();
}

}  // namespace posthorn::server::imap
