#include "server/http/session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/run.h"
#include "server/frame/test_scripted_stream.h"

namespace posthorn::server::http {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

/// A handler with one resource.
Response answer_health(const Request& request) {
  if (request.path != "/health") return refusal(StatusCode::not_found, "There is nothing here.");
  if (request.method == Method::post) {
    Response response = refusal(StatusCode::method_not_allowed, "This method is not taken here.");
    response.more.push_back({"Allow", "GET, HEAD"});
    return response;
  }
  return {.body = "ok\n"};
}

/// Returns everything the server sends to a client that sends `script` and disconnects.
std::string play(const std::string& script, std::size_t step = 100'000, HttpOptions options = {}) {
  options.handler = answer_health;
  const frame::Connections connections;
  frame::ScriptedStream stream(script, step);
  Session session({.stream = stream,
                   .options = std::make_shared<const HttpOptions>(std::move(options)),
                   .connections = connections});
  async::run_blocking(session.run());
  return stream.output();
}

std::size_t count(std::string_view text, std::string_view what) {
  std::size_t n = 0;
  for (std::size_t at = text.find(what); at != std::string_view::npos; at = text.find(what, at + 1))
    ++n;
  return n;
}

constexpr std::string_view kHealth = "GET /health HTTP/1.1\r\nHost: h\r\n\r\n";

TEST(HttpSession, AnswersOneAfterAnother) {
  const std::string script = std::string(kHealth) +
                             "HEAD /health HTTP/1.1\r\nHost: h\r\n\r\n"
                             "POST /nowhere HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc" +
                             std::string(kHealth);
  for (const std::size_t step : {1UL, 7UL, 100'000UL}) {
    const std::string said = play(script, step);
    EXPECT_EQ(count(said, "HTTP/1.1 200 OK\r\n"), 3U) << said;
    EXPECT_EQ(count(said, "HTTP/1.1 404 Not Found\r\n"), 1U);
    EXPECT_EQ(count(said, "\r\n\r\nok\n"), 2U);
    EXPECT_EQ(count(said, "Content-Length: 3\r\n"), 3U);  // Of HEAD's too.
    EXPECT_EQ(count(said, "\r\nDate: "), 4U);
  }
}

TEST(HttpSession, HangsUpWhenAskedTo) {
  const std::string said =
      play("GET /health HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n" + std::string(kHealth));
  EXPECT_EQ(count(said, "HTTP/1.1 200"), 1U);
  EXPECT_THAT(said, HasSubstr("Connection: close\r\n"));
}

TEST(HttpSession, ServesABoundedNumber) {
  std::string script;
  for (int i = 0; i < 10; ++i) script += kHealth;
  const std::string said = play(script, 100'000, {.max_requests = 3});
  EXPECT_EQ(count(said, "HTTP/1.1 200"), 3U);
  EXPECT_EQ(count(said, "Connection: close"), 1U);
}

TEST(HttpSession, SaysWhyAndHangsUp) {
  EXPECT_THAT(play("nonsense\r\n\r\n" + std::string(kHealth)),
              StartsWith("HTTP/1.1 400 Bad Request\r\n"));
  EXPECT_EQ(count(play("nonsense\r\n\r\n" + std::string(kHealth)), "HTTP/1.1"), 1U);
  EXPECT_THAT(play("GET /" + std::string(20'000, 'a')),
              StartsWith("HTTP/1.1 431 Request Header Fields Too Large\r\n"));
  EXPECT_THAT(play("POST /autodiscover/autodiscover.xml HTTP/1.1\r\nHost: h\r\n"
                   "Content-Length: 1000000\r\n\r\n" +
                   std::string(1'000'000, 'a')),
              StartsWith("HTTP/1.1 413 Payload Too Large\r\n"));
}

/// A client that sends as long as the server reads, up to 16 MiB.
class EndlessStream final : public frame::ScriptedStream {
 public:
  explicit EndlessStream(const std::string& begin) : ScriptedStream(begin, 100'000) {}
  async::Task<Result<std::size_t>> read_some(std::span<char> into,
                                             std::chrono::milliseconds deadline) override {
    auto got = co_await ScriptedStream::read_some(into, deadline);
    if (!got || *got > 0) co_return got;
    if (sent_ > (16U << 20)) co_return 0;
    std::ranges::fill(into, 'v');
    sent_ += into.size();
    co_return into.size();
  }
  [[nodiscard]] std::size_t sent() const { return sent_; }

 private:
  std::size_t sent_ = 0;
};

TEST(HttpSession, ReadsAChunkExtensionWithoutEndOnlySoFar) {
  const frame::Connections connections;
  EndlessStream stream(
      "POST /autodiscover/autodiscover.xml HTTP/1.1\r\nHost: h\r\n"
      "Transfer-Encoding: chunked\r\n\r\n5;e=");
  Session session({.stream = stream,
                   .options = std::make_shared<const HttpOptions>(),
                   .connections = connections});
  async::run_blocking(session.run());
  EXPECT_THAT(stream.output(), StartsWith("HTTP/1.1 413 Payload Too Large\r\n"));
  // The limit of a line, plus what is read and discarded so that the client sees the refusal.
  EXPECT_LE(stream.sent(), 300U << 10);
}

TEST(HttpSession, LetsABodyCome) {
  const std::string said = play(
      "POST /health HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx", 1);
  EXPECT_THAT(said, StartsWith("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 405 "));
  EXPECT_THAT(said, HasSubstr("Allow: GET, HEAD\r\n"));
}

TEST(HttpSession, SaysNothingToWhoHangsUp) {
  EXPECT_EQ(play(""), "");
  EXPECT_EQ(play("GET /health HTT"), "");
  EXPECT_EQ(play("POST /health HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nabc"), "");
}

/// A client that sends one octet and then nothing, as long as the server waits.
class SlowStream final : public frame::ScriptedStream {
 public:
  using ScriptedStream::ScriptedStream;
  async::Task<Result<std::size_t>> read_some(std::span<char> into,
                                             std::chrono::milliseconds deadline) override {
    auto got = co_await ScriptedStream::read_some(into, deadline);
    if (*got == 0) co_return fail(ErrorKind::timed_out, "nothing came");
    co_return got;
  }
};

TEST(HttpSession, WaitsOnlySoLong) {
  const frame::Connections connections;
  SlowStream stream("G", 1);
  Session session({.stream = stream,
                   .options = std::make_shared<const HttpOptions>(),
                   .connections = connections});
  async::run_blocking(session.run());
  EXPECT_THAT(stream.output(), StartsWith("HTTP/1.1 408 Request Timeout\r\n"));
}

TEST(HttpSession, LimitsTheWholeRequestAndNotOnlyEachWait) {
  const std::string said =
      play(std::string(kHealth), 1, {.request_time = std::chrono::milliseconds(0)});
  EXPECT_THAT(said, Not(HasSubstr("200 OK")));
}

TEST(HttpDate, IsWrittenAsTheRfcWantsIt) {
  EXPECT_EQ(format_http_date({784111777, 0}), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(format_http_date({0, 120}), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(format_http_date({-1, 0}), "Wed, 31 Dec 1969 23:59:59 GMT");
}

}  // namespace
}  // namespace posthorn::server::http
