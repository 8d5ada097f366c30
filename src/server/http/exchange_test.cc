#include "server/http/exchange.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "server/http/test_play.h"

namespace posthorn::server::http {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr std::string_view kGet = "GET /next HTTP/1.1\r\nHost: h\r\n\r\n";

std::string post(std::string_view fields, std::string_view body = "") {
  return fmt::format("POST /p HTTP/1.1\r\nHost: h\r\n{}\r\n\r\n{}", fields, body);
}

// Handlers. They answer the second request on a connection, too.

async::Task<Status> echo(Exchange& exchange) {
  auto body = co_await exchange.read_all();
  if (!body) co_return pass(body);
  co_return co_await exchange.respond(
      {.body = fmt::format("<{} {}>", exchange.request().path, *body)});
}

/// Reads nothing.
async::Task<Status> greet(Exchange& exchange) {
  co_return co_await exchange.respond({.body = "hello"});
}

async::Task<Status> stream(Exchange& exchange) {
  Status said = co_await exchange.begin({.content_type = "text/event-stream"});
  for (const char* piece : {"abc", "", "0123456789abcdef"})
    if (said) said = co_await exchange.write(piece);
  co_return said;
}

/// Answers each piece when it comes.
async::Task<Status> echo_pieces(Exchange& exchange) {
  exchange.limit_body(1U << 20);
  Status said = co_await exchange.begin({});
  while (said) {
    auto piece = co_await exchange.read();
    if (!piece) co_return pass(piece);
    if (piece->empty()) break;
    said = co_await exchange.write(*piece);
  }
  co_return said;
}

async::Task<Status> fail_at_once(Exchange&) {
  co_return fail(ErrorKind::corrupt, "the text", "the cause");
}
async::Task<Status> fail_late(Exchange& exchange) {
  const Status begun = co_await exchange.begin({});
  const Status said = co_await exchange.write("abc");
  co_return fail(ErrorKind::corrupt, "the text");
}
async::Task<Status> forget(Exchange&) { co_return Status(); }
async::Task<Status> respond_twice(Exchange& exchange) {
  const Status first = co_await exchange.respond({.body = "one"});
  co_return co_await exchange.respond({.body = "two"});
}

/// All the content of a response that comes in chunks; none if it does not end.
std::optional<std::string> dechunked(std::string_view said) {
  const std::size_t at = said.find("\r\n\r\n");
  BodyDecoder decoder({.chunked = true}, {.body = 1U << 20, .framing = 1U << 20});
  std::string all;
  for (std::string_view rest = said.substr(at + 4); !rest.empty() && !decoder.is_done();) {
    const auto step = decoder.take(rest);
    if (!step) return std::nullopt;
    all += step->content;
    rest.remove_prefix(step->consumed);
  }
  return decoder.is_done() ? std::optional(all) : std::nullopt;
}

TEST(HttpExchange, GivesTheBodyHoweverItComes) {
  const std::string script =
      post("Content-Length: 5", "hello") +
      post("Transfer-Encoding: chunked", "2\r\nab\r\n1;x\r\nc\r\n0\r\n\r\n") + std::string(kGet);
  for (const std::size_t step : {1UL, 3UL, 100'000UL}) {
    const std::string said = play(script, {.handler = echo}, step);
    EXPECT_THAT(said, HasSubstr("\r\n\r\n</p hello>HTTP/1.1 200 OK\r\n")) << step;
    EXPECT_THAT(said, HasSubstr("\r\n\r\n</p abc>HTTP/1.1 200 OK\r\n")) << step;
    EXPECT_THAT(said, EndsWith("\r\n\r\n</next >")) << step;
  }
}

TEST(HttpExchange, GivesTheBodyPieceByPiece) {
  const std::string body(60'000, 'x');
  const std::string said =
      play(post("Content-Length: 60000", body) + std::string(kGet), {.handler = echo_pieces}, 1000);
  EXPECT_EQ(dechunked(said), body);
  EXPECT_GE(count(said, "\r\n3e8\r\n"), 50U);
  EXPECT_EQ(count(said, "HTTP/1.1 200 OK\r\n"), 2U);
}

TEST(HttpExchange, StreamsInChunks) {
  const std::string said = play(std::string(kGet) + std::string(kGet), {.handler = stream});
  EXPECT_EQ(count(said, "\r\nTransfer-Encoding: chunked\r\n"), 2U);
  EXPECT_EQ(count(said, "\r\n\r\n3\r\nabc\r\n10\r\n0123456789abcdef\r\n0\r\n\r\n"), 2U);
  EXPECT_THAT(said, HasSubstr("Content-Type: text/event-stream\r\n"));
  EXPECT_THAT(said, Not(HasSubstr("Content-Length")));
  EXPECT_THAT(said, Not(HasSubstr("close")));
}

TEST(HttpExchange, StreamsToHttp10UntilItCloses) {
  const std::string said = play(
      "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" + std::string(kGet), {.handler = stream});
  EXPECT_THAT(said, EndsWith("\r\nConnection: close\r\n\r\nabc0123456789abcdef"));
  EXPECT_THAT(said, Not(HasSubstr("chunked")));
  const std::string whole = play(
      "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" + std::string(kGet), {.handler = greet});
  EXPECT_THAT(whole, HasSubstr("Connection: keep-alive\r\n\r\nhelloHTTP/1.1 200 OK\r\n"));
}

TEST(HttpExchange, SendsNoBodyToHead) {
  const std::string head = "HEAD / HTTP/1.1\r\nHost: h\r\n\r\n";
  const std::string whole = play(head + std::string(kGet), {.handler = greet});
  EXPECT_EQ(count(whole, "Content-Length: 5\r\n"), 2U);
  EXPECT_EQ(count(whole, "hello"), 1U);
  const std::string streamed = play(head + std::string(kGet), {.handler = stream});
  EXPECT_EQ(count(streamed, "Transfer-Encoding: chunked\r\n"), 2U);
  EXPECT_EQ(count(streamed, "abc"), 1U + 1U);  // The second piece contains it, too.
  EXPECT_EQ(count(streamed, "\r\n0\r\n\r\n"), 1U);
}

TEST(HttpExchange, SendsNoBodyWithAStatusThatHasNone) {
  const Handler nothing = [](Exchange& exchange) {
    return exchange.respond({.status = StatusCode::no_content, .body = "hidden"});
  };
  const std::string said = play(std::string(kGet) + std::string(kGet), {.handler = nothing});
  EXPECT_EQ(count(said, "HTTP/1.1 204 No Content\r\n"), 2U);
  for (const char* absent : {"Content-Length", "\r\nContent-Type", "Transfer-Encoding", "hidden"})
    EXPECT_THAT(said, Not(HasSubstr(absent)));
}

TEST(HttpExchange, LetsNoLineEndIntoAField) {
  const Handler redirect = [](Exchange& exchange) {
    return exchange.respond({.more = {{"Location", "/a\r\nSet-Cookie: b"}}});
  };
  EXPECT_THAT(play(std::string(kGet), {.handler = redirect}),
              HasSubstr("\r\nLocation: /a  Set-Cookie: b\r\n"));
}

TEST(HttpExchange, LetsTheClientGoAheadWhenTheHandlerReads) {
  const std::string expecting = post("Expect: 100-continue\r\nContent-Length: 1");
  EXPECT_THAT(play(expecting + "x", {.handler = echo}, 1),
              StartsWith("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n"));
  // It sends already.
  EXPECT_THAT(play(expecting + "x", {.handler = echo}), StartsWith("HTTP/1.1 200 OK\r\n"));
  // Nobody reads, so that it is not clear what comes next.
  const std::string unread = play(expecting + std::string(kGet), {.handler = greet}, 1);
  EXPECT_THAT(unread, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(unread, HasSubstr("Connection: close\r\n"));
  EXPECT_EQ(count(unread, "HTTP/1.1"), 1U);
  // It is told before it sends anything.
  EXPECT_THAT(play(post("Expect: 100-continue\r\nContent-Length: 99999999"), {.handler = echo}, 1),
              StartsWith("HTTP/1.1 413 "));
}

TEST(HttpExchange, RefusesALargeBody) {
  const HttpOptions options{.handler = echo, .limits = {.body = 4}};
  for (const std::size_t step : {1UL, 100'000UL}) {
    const std::string known =
        play(post("Content-Length: 5", "hello") + std::string(kGet), options, step);
    EXPECT_THAT(known, StartsWith("HTTP/1.1 413 Payload Too Large\r\n"));
    EXPECT_THAT(known, HasSubstr("Connection: close\r\n"));
    EXPECT_EQ(count(known, "HTTP/1.1"), 1U);
    EXPECT_THAT(
        play(post("Transfer-Encoding: chunked", "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"), options, step),
        StartsWith("HTTP/1.1 413 Payload Too Large\r\n"));
  }
  EXPECT_THAT(play(post("Transfer-Encoding: chunked", "x\r\n"), options),
              StartsWith("HTTP/1.1 400 Bad Request\r\n"));
}

TEST(HttpExchange, SkipsABodyThatNobodyRead) {
  for (const std::size_t step : {1UL, 100'000UL}) {
    EXPECT_EQ(count(play(post("Content-Length: 5", "hello") + std::string(kGet), {.handler = greet},
                         step),
                    "hello"),
              2U);
    EXPECT_EQ(count(play(post("Transfer-Encoding: chunked", "5\r\nworld\r\n0\r\n\r\n") +
                             std::string(kGet),
                         {.handler = greet}, step),
                    "hello"),
              2U);
  }
  // One that is too large to skip is known before the response begins, or found out.
  const std::string large(1U << 20, 'x');
  const std::string known =
      play(post("Content-Length: 1048576", large) + std::string(kGet), {.handler = greet});
  EXPECT_THAT(known, HasSubstr("Connection: close\r\n"));
  EXPECT_EQ(count(known, "HTTP/1.1"), 1U);
  const std::string chunked =
      play(post("Transfer-Encoding: chunked", "100000\r\n" + large + "\r\n0\r\n\r\n") +
               std::string(kGet),
           {.handler = greet});
  EXPECT_EQ(count(chunked, "HTTP/1.1"), 1U);
  EXPECT_EQ(count(play(post("Transfer-Encoding: chunked", "nonsense") + std::string(kGet),
                       {.handler = greet}),
                  "HTTP/1.1"),
            1U);
}

TEST(HttpExchange, SaysThatItFailed) {
  for (const Handler& handler : {Handler(fail_at_once), Handler(forget)}) {
    const std::string said = play(std::string(kGet) + std::string(kGet), {.handler = handler});
    EXPECT_THAT(said, StartsWith("HTTP/1.1 500 Internal Server Error\r\n"));
    EXPECT_THAT(said, Not(HasSubstr("the cause")));
    EXPECT_THAT(said, Not(HasSubstr("the text")));
    EXPECT_EQ(count(said, "HTTP/1.1"), 1U);
  }
}

TEST(HttpExchange, BreaksOffAResponseThatFails) {
  const std::string said = play(std::string(kGet) + std::string(kGet), {.handler = fail_late});
  EXPECT_THAT(said, EndsWith("\r\n\r\n3\r\nabc\r\n"));  // Without the last chunk.
  EXPECT_EQ(count(said, "HTTP/1.1"), 1U);
  const std::string twice = play(std::string(kGet) + std::string(kGet), {.handler = respond_twice});
  EXPECT_THAT(twice, EndsWith("\r\n\r\none"));
  EXPECT_EQ(count(twice, "HTTP/1.1"), 1U);
}

TEST(HttpExchange, SaysNothingToWhoHangsUpInItsBody) {
  EXPECT_EQ(play(post("Content-Length: 5", "abc"), {.handler = echo}), "");
  EXPECT_EQ(play(post("Transfer-Encoding: chunked", "5\r\nabc"), {.handler = echo}), "");
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

TEST(HttpExchange, WaitsOnlySoLong) {
  SlowStream silent(post("Content-Length: 5", "hell"), 1);
  serve(silent, {.handler = echo});
  EXPECT_THAT(silent.output(), StartsWith("HTTP/1.1 408 Request Timeout\r\n"));
}

/// A client for whose body every wait takes some milliseconds.
class DribblingStream final : public frame::ScriptedStream {
 public:
  explicit DribblingStream(const std::string& head)
      : ScriptedStream(head + std::string(10'000, 'x'), 1), head_(head.size()) {}
  async::Task<Result<std::size_t>> read_some(std::span<char> into,
                                             std::chrono::milliseconds deadline) override {
    if (++reads_ > head_) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    return ScriptedStream::read_some(into, deadline);
  }
  [[nodiscard]] std::size_t reads() const { return reads_; }

 private:
  const std::size_t head_;
  std::size_t reads_ = 0;
};

TEST(HttpExchange, LimitsTheWholeBodyAndNotOnlyEachWait) {
  DribblingStream slow(post("Content-Length: 10000"));
  serve(slow, {.handler = echo, .request_time = std::chrono::milliseconds(50), .body_pace = 4096});
  EXPECT_THAT(slow.output(), StartsWith("HTTP/1.1 408 Request Timeout\r\n"));
  EXPECT_LE(slow.reads(), 2000U);  // Including those that discard the rest for two seconds.
}

}  // namespace
}  // namespace posthorn::server::http
