#include "server/frame/conversation.h"

namespace posthorn::server::frame {
namespace {

constexpr std::size_t kCommands = 4 << 10;
/// Below the size that allocators map and unmap for every use.
constexpr std::size_t kBulk = 64 << 10;

}  // namespace

async::Task<Status> Conversation::flush() {
  if (out_.empty()) co_return Status();
  const std::string out = std::exchange(out_, {});
  co_return co_await stream_.write(out, write_);
}

async::Task<Status> Conversation::receive() {
  Status flushed = co_await flush();
  if (!flushed) co_return flushed;
  if (deadline_.has_passed()) co_return fail(ErrorKind::timed_out, "the client took too long");
  if (!bulk_) {
    rest_ = {};
    buffer_ = {};
    auto readable = co_await stream_.wait_readable(deadline_.limit(idle_));
    if (!readable) co_return pass(readable);
    if (!*readable && deadline_.has_passed())
      co_return fail(ErrorKind::timed_out, "the session was ended");
    if (!*readable) co_return fail(ErrorKind::unavailable, "this server is shutting down");
  }
  // The buffer is not zeroed: reading overwrites exactly the octets that are used.
  buffer_.resize_and_overwrite(bulk_ ? kBulk : kCommands,
                               [](char*, std::size_t size) { return size; });
  auto got = co_await stream_.read_some(buffer_, deadline_.limit(idle_));
  if (!got) co_return pass(got);
  if (*got == 0) co_return fail(ErrorKind::closed, "the client closed the connection");
  rest_ = std::string_view(buffer_).substr(0, *got);
  co_return Status();
}

}  // namespace posthorn::server::frame
