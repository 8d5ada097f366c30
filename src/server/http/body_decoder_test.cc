#include "server/http/body_decoder.h"

#include <gtest/gtest.h>

namespace posthorn::server::http {
namespace {

struct Outcome {
  unsigned refused = 0;
  bool is_done = false;
  std::string content = {};
  std::string rest = {};  ///< What belongs to the next request.
};

Outcome decode(const std::string& octets, BodyFraming framing, std::size_t step = 100'000,
               const RequestLimits& limits = {.header = 512, .body = 64}) {
  BodyDecoder decoder(framing, limits);
  Outcome out;
  std::string input;
  for (std::size_t at = 0; !decoder.is_done(); at += step) {
    if (at >= octets.size()) return out;
    input += octets.substr(at, step);
    while (!input.empty() && !decoder.is_done()) {
      const auto taken = decoder.take(input);
      if (!taken) {
        out.refused = static_cast<unsigned>(taken.error().status);
        return out;
      }
      out.content += taken->content;
      input.erase(0, taken->consumed);
    }
    out.rest = input + (at + step < octets.size() ? octets.substr(at + step) : "");
  }
  out.is_done = true;
  return out;
}

Outcome dechunk(const std::string& octets) {
  const Outcome at_once = decode(octets, {.chunked = true});
  for (const std::size_t step : {1UL, 2UL, 7UL}) {
    const Outcome stepwise = decode(octets, {.chunked = true}, step);
    EXPECT_EQ(stepwise.refused, at_once.refused) << octets;
    EXPECT_EQ(stepwise.is_done, at_once.is_done) << octets;
    if (at_once.is_done) EXPECT_EQ(stepwise.content, at_once.content) << octets;
    if (at_once.is_done) EXPECT_EQ(stepwise.rest, at_once.rest) << octets;
  }
  return at_once;
}

TEST(BodyDecoder, TakesAKnownLength) {
  for (const std::size_t step : {1UL, 3UL, 1000UL}) {
    const Outcome outcome = decode("helloGET /", {.length = 5}, step);
    EXPECT_TRUE(outcome.is_done);
    EXPECT_EQ(outcome.content, "hello");
    EXPECT_EQ(outcome.rest, "GET /");
  }
  EXPECT_TRUE(BodyDecoder({}, {}).is_done());
  EXPECT_FALSE(decode("hell", {.length = 5}).is_done);
}

TEST(BodyDecoder, TakesChunks) {
  const Outcome outcome =
      dechunk("3\r\nabc\r\n2;x=y\r\nde\r\n00A \t;x=\"a;b\"\r\n0123456789\r\n0;last\r\n\r\nGET /");
  EXPECT_TRUE(outcome.is_done);
  EXPECT_EQ(outcome.content, "abcde0123456789");
  EXPECT_EQ(outcome.rest, "GET /");
  const Outcome trailer = dechunk("1\r\nx\r\n0\r\nContent-Length: 7\r\nB: c\r\n\r\nGET /");
  EXPECT_TRUE(trailer.is_done);
  EXPECT_EQ(trailer.content, "x");
  EXPECT_EQ(trailer.rest, "GET /");
}

TEST(BodyDecoder, RefusesWhatIsNoChunk) {
  for (const char* bad : {"\r\n",
                          "x\r\n",
                          "-1\r\n",
                          "+1\r\na",
                          "0x1\r\na",
                          " 1\r\na",
                          "1\na\r\n",
                          "1\ra\r\n",
                          "1\r\nab\r\n",
                          "1\r\na\n",
                          "1\r\na\r1",
                          "1 \r\na\r\n",
                          "1 x\r\na\r\n",
                          "1;a\nb\r\n",
                          "1;\x01\r\n",
                          "0\r\n folded\r\n\r\n",
                          "0\r\nA: b\n\r\n",
                          "0\r\n\rx",
                          "0\r\nA: b\rx",
                          "10000000000000000\r\n",
                          "fffffffffffffffffffff\r\n"})
    EXPECT_EQ(dechunk(bad).refused, 400U) << bad;
}

TEST(BodyDecoder, BoundsTheContent) {
  EXPECT_EQ(decode(std::string(65, 'x'), {.length = 65}).refused, 413U);
  EXPECT_TRUE(BodyDecoder({.length = 65}, {.body = 64}).is_announced_too_large());
  EXPECT_EQ(dechunk("41\r\n" + std::string(65, 'x')).refused, 413U);
  EXPECT_EQ(dechunk("20\r\n" + std::string(32, 'x') + "\r\n21\r\n" + std::string(33, 'x')).refused,
            413U);
  EXPECT_TRUE(dechunk("40\r\n" + std::string(64, 'x') + "\r\n0\r\n\r\n").is_done);
}

/// Feeds `begin` and then `piece` repeatedly. Returns the status of the refusal; 0 if 4 MiB were
/// accepted.
unsigned refused_for_ever(const std::string& begin, const std::string& piece) {
  BodyDecoder decoder({.chunked = true}, {});
  std::string input = begin;
  for (std::size_t fed = 0; fed < (4U << 20); fed += piece.size()) {
    while (!input.empty()) {
      const auto taken = decoder.take(input);
      if (!taken) return static_cast<unsigned>(taken.error().status);
      input.erase(0, taken->consumed);
    }
    input = piece;
  }
  return 0;
}

TEST(BodyDecoder, BoundsLinesWithoutEndAndFraming) {
  const std::string octets(2048, 'v');
  EXPECT_EQ(refused_for_ever("5;e=", octets), 413U);
  EXPECT_EQ(refused_for_ever("5;e=\"", octets), 413U);
  EXPECT_EQ(refused_for_ever("5 ", std::string(2048, ' ')), 413U);
  EXPECT_EQ(refused_for_ever("1\r\nx\r\n5;e=", octets), 413U);
  EXPECT_EQ(refused_for_ever("0\r\nX: ", octets), 413U);
  EXPECT_EQ(refused_for_ever("0\r\n", "X: y\r\n"), 413U);
  EXPECT_EQ(refused_for_ever("", std::string(2048, '0')), 413U);
  EXPECT_EQ(refused_for_ever("", "1;e=" + std::string(4000, 'v') + "\r\nx\r\n"), 413U);
}

TEST(BodyDecoder, TakesOctetsOneByOneInChunksOfOne) {
  std::string slow;
  for (std::uint64_t i = 0; i < RequestLimits().body; ++i) slow += "1\r\nx\r\n";
  EXPECT_TRUE(decode(slow + "0\r\n\r\n", {.chunked = true}, 100'000, {}).is_done);
}

}  // namespace
}  // namespace posthorn::server::http
