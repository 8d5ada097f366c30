#include "server/http/session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/http/exchange.h"
#include "server/http/format_response.h"
#include "server/http/router.h"
#include "server/http/test_play.h"

namespace posthorn::server::http {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

/// Serves one resource.
Handler health() {
  Router router;
  router.mount({.path = "/health", .handler = answer_with([](const Request&, std::string_view) {
                                     return Response{.body = "ok\n"};
                                   })});
  return std::move(router).handler();
}

std::string play(const std::string& script, std::size_t step = 100'000, HttpOptions options = {}) {
  options.handler = health();
  return http::play(script, std::move(options), step);
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
}

TEST(HttpSession, RefusesWhatOthersMayReadDifferently) {
  const std::string hidden = "GET /health HTTP/1.1\r\nHost: h\r\n\r\n";
  const std::string head = "POST /health HTTP/1.1\r\nHost: h\r\n";
  for (const std::string& smuggling :
       {head + "Content-Length: 37\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        head + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        head + "Content-Length: 0\r\nContent-Length: 32\r\n\r\n",
        head + "Transfer-Encoding : chunked\r\n\r\n", head + "X: y\r\n Content-Length: 32\r\n\r\n",
        head + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        head + "Transfer-Encoding: chunked\r\n\r\n0\n\n"}) {
    for (const std::size_t step : {1UL, 100'000UL}) {
      const std::string said = play(smuggling + hidden, step);
      EXPECT_EQ(count(said, "HTTP/1.1 "), 1U) << smuggling << said;
      EXPECT_EQ(count(said, "HTTP/1.1 200"), 0U) << smuggling << said;
    }
  }
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

TEST(HttpSession, ReadsWhatHasNoEndOnlySoFar) {
  const Handler reads = answer_with([](const Request&, std::string_view) { return Response(); });
  for (const auto& [begin, code] :
       {std::pair("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5;e=", 413),
        std::pair("GET / HTTP/1.1\r\nHost: h\r\nX: ", 431), std::pair("GET /", 431)}) {
    EndlessStream stream(begin);
    serve(stream, {.handler = reads});
    EXPECT_THAT(stream.output(), StartsWith(fmt::format("HTTP/1.1 {} ", code)));
    // The limit of a line, plus what is read and discarded so that the client sees the refusal.
    EXPECT_LE(stream.sent(), 300U << 10);
  }
}

/// A client that sends one request and is woken when it is waited for again.
class WokenStream final : public frame::ScriptedStream {
 public:
  using ScriptedStream::ScriptedStream;
  async::Task<Result<bool>> wait_readable(std::chrono::milliseconds) override {
    co_return waits_++ == 0;
  }

 private:
  int waits_ = 0;
};

TEST(HttpSession, EndsWhenItIsWoken) {
  WokenStream stream(std::string(kHealth), 100'000);
  serve(stream, {.handler = health()});
  EXPECT_EQ(count(stream.output(), "HTTP/1.1 "), 1U);
  EXPECT_EQ(count(stream.output(), "close"), 0U);
}

async::Task<Status> stop_and_answer(frame::Connections& connections, Exchange& exchange) {
  co_await connections.stop(std::chrono::milliseconds(0));
  co_return co_await exchange.respond({.body = "last"});
}

TEST(HttpSession, AnswersARequestInProgressWhenTheServerStops) {
  frame::Connections connections;
  frame::CommandMeter meter({"request"});
  HttpOptions options{
      .handler = [&](Exchange& exchange) { return stop_and_answer(connections, exchange); }};
  frame::ScriptedStream stream(std::string(kHealth) + std::string(kHealth), 100'000);
  Session session({.stream = stream,
                   .options = std::make_shared<const HttpOptions>(std::move(options)),
                   .connections = connections,
                   .meter = meter});
  async::run_blocking(session.run());
  EXPECT_EQ(count(stream.output(), "HTTP/1.1 200"), 1U);
  EXPECT_THAT(stream.output(), HasSubstr("Connection: close\r\n\r\nlast"));
}

TEST(HttpSession, SaysNothingToWhoHangsUp) {
  EXPECT_EQ(play(""), "");
  EXPECT_EQ(play("GET /health HTT"), "");
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
  SlowStream stream("G", 1);
  serve(stream, {});
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
