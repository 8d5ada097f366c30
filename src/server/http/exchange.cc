#include "server/http/exchange.h"

#include "server/frame/session_log.h"
#include "server/http/format_response.h"

namespace posthorn::server::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// So many octets of a body that nobody reads are read and discarded to keep the connection.
constexpr std::uint64_t kSkipOctets = 64 << 10;

}  // namespace

Exchange::Exchange(Place place, RequestHead head, bool may_keep_alive)
    : place_(place),
      head_(std::move(head)),
      decoder_(head_.body, place.options.limits),
      keep_alive_(may_keep_alive && head_.keep_alive) {}

async::Task<Result<std::string_view>> Exchange::read() {
  if (is_broken_ || refusal_)
    co_return fail(ErrorKind::closed, "the rest of the body is not available");
  if (decoder_.is_done()) co_return std::string_view();
  if (!reading_) {
    Status ahead = co_await go_ahead();
    if (!ahead) co_return pass(ahead);
  }
  while (true) {
    if (place_.input.rest().empty()) {
      Status more = co_await receive();
      if (!more) co_return pass(more);
    }
    auto step = decoder_.take(place_.input.rest());
    if (!step) {
      const bool large = step.error().status == StatusCode::content_too_large;
      co_return refuse(large ? ErrorKind::too_big : ErrorKind::syntax, std::move(step.error()));
    }
    place_.input.consume(step->consumed);
    if (!step->content.empty() || decoder_.is_done()) co_return step->content;
  }
}

async::Task<Result<std::string>> Exchange::read_all() {
  std::string all;
  while (true) {
    auto piece = co_await read();
    if (!piece) co_return pass(piece);
    if (piece->empty()) co_return all;
    all += *piece;
  }
}

async::Task<Status> Exchange::go_ahead() {
  reading_ = true;
  if (decoder_.is_announced_too_large())
    co_return refuse(ErrorKind::too_big,
                     refusal(StatusCode::content_too_large, "The body is too large."));
  // A client that sends already needs no leave, and after a response it gets none.
  if (!head_.expects_continue || !place_.input.rest().empty() || phase_ != Phase::none)
    co_return Status();
  co_return co_await send("HTTP/1.1 100 Continue\r\n\r\n");
}

// Only the waits are counted, not the time that the handler takes. A client that sends octet by
// octet would otherwise never reach the end of a wait.
async::Task<Status> Exchange::receive() {
  const milliseconds paced(received_ * 1000 / std::max(place_.options.body_pace, 1U));
  const auto began = steady_clock::now();
  Status more = co_await place_.input.receive(began + place_.options.request_time + paced - waited_,
                                              ClientInput::kBodyPortion);
  waited_ += std::chrono::ceil<milliseconds>(steady_clock::now() - began);
  received_ += place_.input.rest().size();
  if (more) co_return more;
  if (more.error().kind == ErrorKind::timed_out)
    co_return refuse(
        ErrorKind::timed_out,
        refusal(StatusCode::request_timeout, "The body of the request took too long to come."));
  is_broken_ = true;
  co_return more;
}

std::unexpected<Error> Exchange::refuse(ErrorKind kind, Response response) {
  refusal_ = std::move(response);
  keep_alive_ = false;
  return fail(kind, refusal_->body);
}

async::Task<Status> Exchange::send(std::string octets) {
  if (is_broken_) co_return fail(ErrorKind::closed, "the client has gone");
  Status written = co_await place_.stream.write(octets, place_.options.write_time);
  if (!written) is_broken_ = true;
  co_return written;
}

std::string Exchange::begin_response(const Response& response, std::optional<std::size_t> length) {
  const bool ends_by_closing = !length && head_.is_http_1_0 && has_body(response.status);
  if (ends_by_closing || stopping() || !can_skip_body()) keep_alive_ = false;
  status_ = response.status;
  body_is_sent_ = !head_.is_head && has_body(response.status);
  return format_head(
      response, {.keep_alive = keep_alive_, .is_http_1_0 = head_.is_http_1_0, .length = length},
      system_clock().now());
}

async::Task<Status> Exchange::respond(Response response) {
  if (phase_ != Phase::none) co_return fail(ErrorKind::server_bug, "a second response");
  phase_ = Phase::whole;
  std::string octets = begin_response(response, response.body.size());
  if (body_is_sent_) octets += response.body;
  co_return co_await send(std::move(octets));
}

async::Task<Status> Exchange::begin(Response response) {
  if (phase_ != Phase::none) co_return fail(ErrorKind::server_bug, "a second response");
  phase_ = Phase::streaming;
  co_return co_await send(begin_response(response, std::nullopt));
}

async::Task<Status> Exchange::write(std::string_view piece) {
  if (phase_ != Phase::streaming) co_return fail(ErrorKind::server_bug, "nothing was begun");
  if (piece.empty() || !body_is_sent_) co_return Status();
  std::string octets;
  if (head_.is_http_1_0) {
    octets = piece;
  } else {
    append_chunk(octets, piece);
  }
  co_return co_await send(std::move(octets));
}

async::Task<Status> Exchange::end_stream() {
  phase_ = Phase::whole;
  if (!body_is_sent_ || head_.is_http_1_0) co_return Status();
  co_return co_await send(std::string(kLastChunk));
}

async::Task<bool> Exchange::conclude(Status outcome) {
  if (phase_ == Phase::none) {
    co_await answer_failure(std::move(outcome));
  } else if (!outcome) {
    if (!is_broken_ && !refusal_) log_failure("a response could not be completed", outcome.error());
    co_return false;
  } else if (phase_ == Phase::streaming) {
    const Status ended = co_await end_stream();
    if (!ended) co_return false;
  }
  if (is_broken_) co_return false;
  if (decoder_.is_done()) co_return keep_alive_;
  const bool skipped = keep_alive_ && co_await skip_body();
  if (!skipped) co_await place_.input.drain();
  co_return skipped;
}

void Exchange::log_failure(std::string_view what, const Error& error) const {
  frame::about(what, "http", place_.stream)
      .said("method", request().method)
      .said("path", request().path)
      .failure(error)
      .write(log::Level::error);
}

async::Task<void> Exchange::answer_failure(Status outcome) {
  if (is_broken_) co_return;
  if (!refusal_) {
    if (outcome) outcome = fail(ErrorKind::server_bug, "there was no response");
    log_failure("a request failed", outcome.error());
    refusal_ = refusal(StatusCode::internal_error, "The server has failed.");
  }
  keep_alive_ = false;
  const Status ignored = co_await respond(*refusal_);
}

bool Exchange::can_skip_body() const {
  if (decoder_.is_done()) return true;
  // A client that was not told to go ahead may or may not send the body (RFC 9110 §10.1.1).
  if (head_.expects_continue && !reading_) return false;
  return decoder_.certain() <= kSkipOctets;
}

async::Task<bool> Exchange::skip_body() {
  decoder_.limit_rest(kSkipOctets);
  reading_ = true;
  while (!decoder_.is_done()) {
    const auto piece = co_await read();
    if (!piece) co_return false;
  }
  co_return true;
}

}  // namespace posthorn::server::http
