#include "server/http/client_input.h"

#include <algorithm>
#include <span>

namespace posthorn::server::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// How many octets drain() discards, and for how long.
constexpr std::size_t kDrainOctets = 256 << 10;
constexpr std::chrono::seconds kDrainTime(2);

milliseconds time_left(steady_clock::time_point until) {
  const auto left = std::chrono::ceil<milliseconds>(until - steady_clock::now());
  return std::max(left, milliseconds(1));
}

}  // namespace

async::Task<Status> ClientInput::wait(milliseconds idle_time) {
  if (!rest().empty()) co_return Status();
  std::string().swap(buffer_);
  at_ = 0;
  const auto readable = co_await stream_.wait_readable(idle_time);
  if (!readable) co_return std::unexpected(readable.error());
  if (!*readable) co_return fail(ErrorKind::unavailable, "this server is shutting down");
  co_return Status();
}

async::Task<Status> ClientInput::receive(Time until, std::size_t portion) {
  if (steady_clock::now() >= until)
    co_return fail(ErrorKind::timed_out, "the request took too long to arrive");
  buffer_.erase(0, at_);
  at_ = 0;
  const std::size_t had = buffer_.size();
  buffer_.resize(had + portion);
  const auto got = co_await stream_.read_some(std::span(buffer_).subspan(had), time_left(until));
  buffer_.resize(had + got.value_or(0));
  if (!got) co_return std::unexpected(got.error());
  if (*got == 0) co_return fail(ErrorKind::closed, "the client closed the connection");
  co_return Status();
}

async::Task<void> ClientInput::drain() {
  const Time until = steady_clock::now() + kDrainTime;
  for (std::size_t drained = 0; drained < kDrainOctets; drained += rest().size()) {
    consume(rest().size());
    const Status more = co_await receive(until, kHeaderPortion);
    if (!more) co_return;
  }
}

}  // namespace posthorn::server::http
