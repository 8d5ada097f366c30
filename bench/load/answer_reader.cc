#include "load/answer_reader.h"

#include <algorithm>
#include <cstring>

namespace posthorn::bench {
namespace {

constexpr std::chrono::milliseconds kDeadline{120'000};  // SEARCH BODY may take a while.
constexpr std::size_t kBuffer = 256U << 10;
constexpr std::size_t kLeastRead = 64U << 10;
constexpr std::string_view kTag = "r";

}  // namespace

AnswerReader::AnswerReader(net::Stream& stream) : stream_(stream), buffer_(kBuffer, '\0') {}

async::Task<Status> AnswerReader::read_more() {
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= std::exchange(begin_, 0);
  }
  if (buffer_.size() - end_ < kLeastRead) buffer_.resize(buffer_.size() * 2);
  auto got = co_await stream_.read_some(std::span(buffer_).subspan(end_), kDeadline);
  if (!got) co_return pass(got);
  if (*got == 0) co_return fail(ErrorKind::closed, "the server closed the connection");
  end_ += *got;
  co_return Status();
}

async::Task<Status> AnswerReader::command(std::string text, Look look) {
  using Kind = wire::imap::ResponseReceiver::Event::Kind;
  std::string line = std::string(kTag) + ' ' + text + "\r\n";
  Status sent = co_await stream_.write(line, kDeadline);
  if (!sent) co_return sent;
  while (true) {
    const auto event = receiver_.next(std::string_view(buffer_).substr(begin_, end_ - begin_));
    if (event.kind == Kind::too_long)
      co_return fail(ErrorKind::too_big, "the server's response is too long");
    if (event.kind == Kind::need_more) {
      Status read = co_await read_more();
      if (!read) co_return read;
      continue;
    }
    begin_ += event.consumed;
    if (event.text.starts_with('*')) {
      look(event.text);
    } else {
      if (event.text.starts_with(std::string(kTag) + " OK")) co_return Status();
      co_return fail(ErrorKind::io, text + ": " + std::string(event.text.substr(0, 80)));
    }
  }
}

bool is_fetch(std::string_view response) {
  std::size_t at = 2;
  while (at < response.size() && response[at] >= '0' && response[at] <= '9') ++at;
  return response.substr(std::min(at, response.size())).starts_with(" FETCH (");
}

}  // namespace posthorn::bench
