#include "client/smtp_talk.h"

#include "base/release_memory.h"

namespace posthorn::client {
namespace {

constexpr std::size_t kReadSize = 8U << 10;

}  // namespace

async::Task<Status> SmtpTalk::say(std::string_view octets, Milliseconds deadline) {
  co_return co_await stream_->write(octets, deadline);
}

async::Task<Status> SmtpTalk::receive(Milliseconds deadline) {
  buffer_.resize(kReadSize);
  auto got = co_await stream_->read_some(buffer_, deadline);
  if (!got) co_return pass(got);
  if (*got == 0) co_return fail(ErrorKind::closed, "the server closed the connection");
  rest_ = std::string_view(buffer_).substr(0, *got);
  co_return Status();
}

async::Task<Result<wire::smtp::Reply>> SmtpTalk::hear(Milliseconds deadline) {
  using std::chrono::steady_clock;
  const auto end = steady_clock::now() + deadline;
  while (true) {
    if (auto reply = reader_.take(rest_)) {
      if (rest_.empty()) release_memory(buffer_);
      co_return std::move(*reply);
    }
    const auto left = std::chrono::ceil<Milliseconds>(end - steady_clock::now());
    if (left.count() <= 0)
      co_return fail(ErrorKind::timed_out, "the server did not answer in time");
    Status received = co_await receive(left);
    if (!received) co_return pass(received);
  }
}

}  // namespace posthorn::client
