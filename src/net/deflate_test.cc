#include "net/deflate.h"

#include <gtest/gtest.h>

#include <vector>

#include "net/test_pair.h"

namespace posthorn::net {
namespace {

using namespace posthorn::net::testing;

std::string compress(Deflater& deflater, std::string_view text, std::size_t chunk = 100) {
  std::string out;
  std::vector<char> buffer(chunk);
  deflater.begin(text);
  while (const std::size_t n = deflater.next(buffer).value()) out.append(buffer.data(), n);
  return out;
}

std::string inflate_all(Inflater& inflater, std::string_view bytes, std::size_t into = 100) {
  std::string out;
  std::vector<char> buffer(into);
  inflater.feed(bytes);
  for (;;) {
    const Attempt attempt = inflater.take(buffer);
    if (attempt.step != Step::done) return out;
    out.append(buffer.data(), attempt.count);
  }
}

TEST(Deflate, EveryBeginEndsFlushed) {
  Deflater deflater;
  Inflater inflater;
  // Sizes around that of the output buffer, which the flush may fill exactly.
  for (std::size_t size = 1; size < 400; ++size) {
    std::string text;
    for (std::size_t i = 0; i < size; ++i) text += static_cast<char>(i * 151 + size);
    for (const std::size_t chunk : {7U, 16U, 100U, 1000U}) {
      EXPECT_EQ(inflate_all(inflater, compress(deflater, text, chunk)), text);
    }
  }
}

TEST(Deflate, EachInputOctetGivesAllItCan) {
  Deflater deflater;
  Inflater inflater;
  const std::string text = sample(5000);
  const std::string packed = compress(deflater, text);
  EXPECT_LT(packed.size(), text.size() / 2);
  std::string out;
  for (const char c : packed) out += inflate_all(inflater, {&c, 1}, 1);
  EXPECT_EQ(out, text);
}

TEST(Deflate, RestForgetsWithoutThePeerNoticing) {
  Deflater deflater;
  Inflater inflater;
  for (int i = 0; i < 5; ++i) {
    const std::string text = sample(3000 + static_cast<std::size_t>(i));
    EXPECT_EQ(inflate_all(inflater, compress(deflater, text)), text);
    deflater.rest();
    deflater.rest();
  }
}

TEST(Deflate, AnInflaterRestsWhereverItIs) {
  Deflater deflater;
  Inflater inflater;
  std::string out;
  for (int i = 0; i < 20; ++i) {
    // Grows beyond the window, so that the kept history matters.
    const std::string text = sample(static_cast<std::size_t>(i) * 900 + 1);
    const std::string packed = compress(deflater, text);
    const std::size_t cut = packed.size() * static_cast<std::size_t>(i) / 20;
    out = inflate_all(inflater, std::string_view(packed).substr(0, cut));
    inflater.rest();  // In the middle of a block it must keep its memory.
    out += inflate_all(inflater, std::string_view(packed).substr(cut));
    EXPECT_EQ(out, text);
    EXPECT_EQ(inflater.peek().step, Step::want_read);
    inflater.rest();
    inflater.rest();
  }
}

TEST(Deflate, HistoryIsUsedBetweenFlushes) {
  Deflater deflater;
  const std::string text = sample(2000);
  const std::size_t first = compress(deflater, text).size();
  EXPECT_LT(compress(deflater, text).size(), first / 4);
}

TEST(Deflate, PeekTakesNothing) {
  Deflater deflater;
  Inflater inflater;
  EXPECT_EQ(inflater.peek().step, Step::want_read);
  inflater.feed(compress(deflater, "abc"));
  EXPECT_EQ(inflater.peek().step, Step::done);
  EXPECT_EQ(inflater.peek().step, Step::done);
  char one[1];
  EXPECT_EQ(inflater.take(one).count, 1U);
  EXPECT_EQ(one[0], 'a');
  EXPECT_EQ(inflater.peek().step, Step::done);
  char rest[10];
  EXPECT_EQ(inflater.take(rest).count, 2U);
  EXPECT_EQ(std::string(rest, 2), "bc");
  EXPECT_EQ(inflater.peek().step, Step::want_read);
}

TEST(Deflate, GarbageFails) {
  Inflater inflater;
  inflater.feed("\xff\xff\xff\xff");
  char buffer[10];
  EXPECT_EQ(inflater.take(buffer).step, Step::failed);
  EXPECT_EQ(inflater.take(buffer).step, Step::failed);
}

TEST(Deflate, AFinalBlockIsTheEnd) {
  Inflater inflater;
  inflater.feed(std::string_view("\x03\x00", 2));  // An empty final block (RFC 1951 §3.2.3).
  char buffer[10];
  EXPECT_EQ(inflater.take(buffer).step, Step::ended);
  EXPECT_EQ(inflater.peek().step, Step::ended);
}

// Idle long enough for both sides to rest. Data that refers to history from before must still
// arrive.
Task<void> rest_while_idle() {
  Pair pair = co_await make_pair({"deflate", false, true});
  const std::string text = sample(3000);
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(co_await pair.client->write(text, kSoon));
    EXPECT_TRUE(co_await read_exactly(*pair.server, text.size()) == text);
    EXPECT_TRUE(co_await pair.server->write(text, kSoon));
    EXPECT_TRUE(co_await read_exactly(*pair.client, text.size()) == text);
    if (i > 0) break;
    const auto nothing = co_await pair.server->wait_readable(2500ms);
    EXPECT_EQ(nothing.error().kind, ErrorKind::timed_out);
  }
}

TEST(Deflate, AStreamThatRestedGoesOn) { run_blocking(rest_while_idle()); }

Task<void> garbage() {
  Pair pair = co_await connect_pair();
  EXPECT_TRUE(pair.server->start_deflate());
  EXPECT_TRUE(co_await pair.client->write("a1 NOOP in clear\r\n\xff\xff\xff\xff", kSoon));
  char buffer[100];
  auto n = co_await pair.server->read_some(buffer, kSoon);
  while (n && *n > 0) n = co_await pair.server->read_some(buffer, kSoon);
  EXPECT_FALSE(n);
  EXPECT_EQ(n.error().kind, ErrorKind::syntax);
}

TEST(Deflate, DamagedDataIsAnError) { run_blocking(garbage()); }

Task<void> send(Stream& stream, std::string text) {
  EXPECT_TRUE(co_await stream.write(text, kSoon));
}

// Input that expands to a thousand times its size is delivered in the portions that the reader asks
// for.
Task<void> bomb() {
  Pair pair = co_await make_pair({"deflate", false, true});
  constexpr std::size_t kSize = 50U << 20;
  Gate gate;
  gate.spawn(send(*pair.client, std::string(kSize, '0')));
  std::vector<char> buffer(4096);
  std::size_t total = 0;
  while (total < kSize) {
    const auto n = co_await pair.server->read_some(buffer, kSoon);
    EXPECT_TRUE(n && *n > 0);
    if (!n || *n == 0) break;
    total += *n;
  }
  EXPECT_EQ(total, kSize);
  co_await gate.wait_empty();
}

TEST(Deflate, ABombIsTakenInPortions) { run_blocking(bomb()); }

}  // namespace
}  // namespace posthorn::net
