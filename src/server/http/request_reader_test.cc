#include "server/http/request_reader.h"

#include <gtest/gtest.h>

namespace posthorn::server::http {
namespace {

using Progress = RequestReader::Progress;

/// Returns the result for these octets: a request, or the status of the refusal; 0 if more octets
/// are needed.
struct Outcome {
  unsigned refused = 0;
  std::optional<Request> request = {};
  bool keeps_alive = false;
  std::string rest = {};
};

Outcome read(const std::string& octets, std::size_t step = 100'000) {
  RequestReader reader({.header = 512, .body = 64});
  std::string input;
  std::size_t at = 0;
  while (at < octets.size()) {
    input += octets.substr(at, step);
    at += step;
    const auto progress = reader.take(input);
    if (!progress) return {.refused = static_cast<unsigned>(progress.error().status)};
    if (*progress != Progress::complete) continue;
    auto request = reader.request();
    if (!request) return {.refused = static_cast<unsigned>(request.error().status)};
    return {0, std::move(*request), reader.keeps_alive(),
            input + octets.substr(std::min(at, octets.size()))};
  }
  return {};
}

unsigned refusal_of(const std::string& octets) {
  const unsigned at_once = read(octets).refused;
  EXPECT_EQ(read(octets, 1).refused, at_once) << octets;
  return at_once;
}

TEST(RequestReader, ReadsHoweverTheOctetsCome) {
  for (const std::size_t step : {1UL, 2UL, 7UL, 1000UL}) {
    const Outcome outcome = read(
        "POST /a%20b?x=1%2B1&Y=a+b%26c HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n"
        "hello",
        step);
    ASSERT_TRUE(outcome.request) << step;
    EXPECT_EQ(outcome.request->method, Method::post);
    EXPECT_EQ(outcome.request->path, "/a b");
    EXPECT_EQ(outcome.request->query, (std::vector<Field>{{"x", "1+1"}, {"Y", "a+b&c"}}));
    EXPECT_EQ(outcome.request->body, "hello");
    EXPECT_TRUE(outcome.keeps_alive);
  }
}

TEST(RequestReader, LeavesTheNextRequest) {
  const std::string next = "GET /2 HTTP/1.1\r\nHost: h\r\n\r\n";
  const Outcome outcome = read("GET /1 HTTP/1.1\r\nHost: h\r\n\r\n" + next);
  ASSERT_TRUE(outcome.request);
  EXPECT_EQ(outcome.request->path, "/1");
  EXPECT_EQ(outcome.rest, next);
}

TEST(RequestReader, TakesChunksTheAbsoluteFormAndEmptyLinesBefore) {
  for (const std::size_t step : {1UL, 1000UL}) {
    const Outcome outcome = read(
        "\r\n\r\nPOST http://h/p?q=1 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
        "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n",
        step);
    ASSERT_TRUE(outcome.request) << step;
    EXPECT_EQ(outcome.request->path, "/p");
    EXPECT_EQ(outcome.request->body, "abcde");
  }
}

TEST(RequestReader, KnowsWhenToHangUp) {
  EXPECT_FALSE(read("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").keeps_alive);
  EXPECT_FALSE(read("GET / HTTP/1.0\r\n\r\n").keeps_alive);
  EXPECT_TRUE(read("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").keeps_alive);
}

TEST(RequestReader, AsksToGoAheadOnce) {
  RequestReader reader({});
  std::string input =
      "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n";
  EXPECT_EQ(reader.take(input), Progress::need_go_ahead);
  input += "a";
  EXPECT_EQ(reader.take(input), Progress::need_more);
  input += "b";
  EXPECT_EQ(reader.take(input), Progress::complete);
}

TEST(RequestReader, RefusesWhatIsNoRequest) {
  EXPECT_EQ(refusal_of("EHLO example.org\r\n\r\n"), 400U);
  EXPECT_EQ(refusal_of("GET  / HTTP/1.1\r\nHost: h\r\n\r\n"), 400U);
  EXPECT_EQ(refusal_of("GET / HTTP/1.1\r\n\r\n"), 400U);
  EXPECT_EQ(refusal_of("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"), 400U);
  EXPECT_EQ(refusal_of("GET / HTTP/1.1\r\nHost : h\r\n\r\n"), 400U);
  EXPECT_EQ(refusal_of("GET x HTTP/1.1\r\nHost: h\r\n\r\n"), 400U);
  EXPECT_EQ(refusal_of("GET /%zz HTTP/1.1\r\nHost: h\r\n\r\n"), 400U);
  EXPECT_EQ(refusal_of("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n"), 400U);
  EXPECT_EQ(refusal_of("GET / HTTP/2.0\r\nHost: h\r\n\r\n"), 505U);
  EXPECT_EQ(refusal_of(std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 15)),
            400U);
}

// If the end of a body could be read in two ways, the request is refused (RFC 9112 §6.3).
TEST(RequestReader, RefusesTwoLengths) {
  const std::string head = "POST / HTTP/1.1\r\nHost: h\r\n";
  EXPECT_EQ(refusal_of(head + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"), 400U);
  EXPECT_EQ(refusal_of(head + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n"), 400U);
  EXPECT_EQ(refusal_of(head + "Content-Length: 3\r\nContent-Length: 4\r\n\r\n"), 400U);
  EXPECT_EQ(refusal_of(head + "Content-Length: -1\r\n\r\n"), 400U);
  EXPECT_EQ(refusal_of(head + "Transfer-Encoding: gzip\r\n\r\n"), 501U);
}

TEST(RequestReader, IsBounded) {
  const std::string long_name(600, 'a');
  EXPECT_EQ(refusal_of("GET /" + long_name), 431U);
  EXPECT_EQ(refusal_of("GET / HTTP/1.1\r\nHost: h\r\nX: " + long_name), 431U);
  EXPECT_EQ(refusal_of("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 65\r\n\r\n"), 413U);
  EXPECT_EQ(refusal_of("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n41\r\n" +
                       std::string(65, 'x')),
            413U);
  EXPECT_TRUE(
      read("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 64\r\n\r\n" + std::string(64, 'x'))
          .request);
}

/// Feeds `begin` and then `piece` repeatedly. Returns the status of the refusal and the largest
/// amount left in the buffer; 0 if 4 MiB were accepted.
unsigned refused_for_ever(const std::string& begin, const std::string& piece,
                          std::size_t& longest_rest) {
  RequestReader reader({});
  std::string input = begin;
  for (std::size_t fed = 0; fed < (4U << 20); fed += piece.size()) {
    const auto progress = reader.take(input);
    if (!progress) return static_cast<unsigned>(progress.error().status);
    longest_rest = std::max(longest_rest, input.size());
    input += piece;
  }
  return 0;
}

// The parser consumes none of these before it has seen their end, which never comes.
TEST(RequestReader, BoundsWhatIsLeftOfALineWithoutEnd) {
  const std::string head = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::string octets(2048, 'v');
  std::string folded;
  for (int i = 0; i < 100; ++i) folded += "\r\n folded";
  struct Case {
    std::string begin;
    std::string piece;
    unsigned code;
  };
  for (const Case& c : {
           Case{head + "5;e=", octets, 413},                // A chunk's extension.
           Case{head + "5;e=\"", octets, 413},              // In quotes.
           Case{head + "5 ", std::string(2048, ' '), 413},  // White space behind the size.
           Case{head + "1\r\nx\r\n5;e=", octets, 413},      // Of a later chunk.
           Case{head + "0\r\nX: ", octets, 413},            // A trailer field.
           Case{head + "0\r\n", "X: y\r\n" + octets + ": y\r\n", 413},
           Case{"GET / HTTP/1.1\r\nX: ", octets, 431},
           Case{"GET / HTTP/1.1\r\nX: y", folded, 431},
           Case{"GET /", octets, 431},
       }) {
    std::size_t rest = 0;
    const unsigned code = refused_for_ever(c.begin, c.piece, rest);
    EXPECT_TRUE(code == c.code || code == 400U) << code << ' ' << c.begin;
    EXPECT_LE(rest, RequestLimits().header + c.piece.size()) << c.begin;
  }
}

TEST(RequestReader, BoundsTheFramingOfABody) {
  const std::string head = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::string extension = ";e=" + std::string(4000, 'v');
  std::size_t rest = 0;
  EXPECT_EQ(refused_for_ever(head, "1" + extension + "\r\nx\r\n", rest), 413U);
  // One octet per chunk is slow but correct.
  std::string slow = head;
  for (std::uint64_t i = 0; i < RequestLimits().body; ++i) slow += "1\r\nx\r\n";
  slow += "0\r\n\r\n";
  RequestReader reader({});
  EXPECT_EQ(reader.take(slow), RequestReader::Progress::complete);
}

}  // namespace
}  // namespace posthorn::server::http
