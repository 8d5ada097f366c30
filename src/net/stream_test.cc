#include "net/stream.h"

#include <poll.h>

#include "net/test_pair.h"

namespace posthorn::net {
namespace {

using namespace posthorn::net::testing;

class StreamTest : public ::testing::TestWithParam<Layers> {};

INSTANTIATE_TEST_SUITE_P(Over, StreamTest,
                         ::testing::Values(Layers{"plain"}, Layers{"tls", true},
                                           Layers{"deflate", false, true},
                                           Layers{"tls_deflate", true, true}),
                         [](const auto& info) { return info.param.name; });

Task<void> talk(Layers layers) {
  Pair pair = co_await make_pair(layers);
  EXPECT_EQ(pair.server->is_tls(), layers.tls);
  EXPECT_EQ(pair.server->is_deflate(), layers.deflate);
  EXPECT_EQ(pair.server->tls_description().starts_with("TLSv1.3 TLS_"), layers.tls);
  EXPECT_TRUE(pair.server->peer().starts_with("127.0.0.1:"));
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(co_await pair.client->write("a1 NOOP\r\n", kSoon));
    EXPECT_EQ(co_await read_exactly(*pair.server, 9), "a1 NOOP\r\n");
    EXPECT_TRUE(co_await pair.server->write("a1 OK done\r\n", kSoon));
    EXPECT_EQ(co_await read_exactly(*pair.client, 12), "a1 OK done\r\n");
  }
  EXPECT_TRUE(co_await pair.client->write("", kSoon));
}

TEST_P(StreamTest, Talks) { run_blocking(talk(GetParam())); }

// Also while earlier octets are still unread, and without reading them.
Task<void> leave(Layers layers) {
  Pair pair = co_await make_pair(layers);
  EXPECT_FALSE(pair.server->peer_has_left());
  EXPECT_TRUE(co_await pair.client->write("a1 NOOP\r\n", kSoon));
  EXPECT_FALSE(pair.server->peer_has_left());
  co_await pair.client->close();
  const auto until = std::chrono::steady_clock::now() + kSoon;
  while (!pair.server->peer_has_left() && std::chrono::steady_clock::now() < until)
    co_await async::sleep_for(milliseconds(1));
  EXPECT_TRUE(pair.server->peer_has_left());
  EXPECT_EQ(co_await read_exactly(*pair.server, 9), "a1 NOOP\r\n");
}

TEST_P(StreamTest, KnowsWhenThePeerHasLeft) { run_blocking(leave(GetParam())); }

Task<void> send_in_parts(Stream& stream, const std::string& text, std::size_t part) {
  for (std::size_t at = 0; at < text.size(); at += part) {
    const auto written = co_await stream.write(std::string_view(text).substr(at, part), kSoon);
    EXPECT_TRUE(written);
    if (!written) break;
  }
}

Task<void> transfer(Layers layers, std::size_t size, std::size_t write_part,
                    std::vector<std::size_t> read_parts) {
  Pair pair = co_await make_pair(layers);
  const std::string text = sample(size);
  Gate gate;
  gate.spawn(send_in_parts(*pair.server, text, write_part));
  std::string got;
  got.reserve(size);
  for (std::size_t i = 0; got.size() < size; ++i) {
    std::vector<char> buffer(read_parts[i % read_parts.size()]);
    const auto n = co_await pair.client->read_some(buffer, kSoon);
    EXPECT_TRUE(n && *n > 0);
    if (!n || *n == 0) break;
    got.append(buffer.data(), *n);
  }
  EXPECT_TRUE(got == text);
  co_await gate.wait_empty();
}

TEST_P(StreamTest, TenMegabytesArriveWhole) {
  run_blocking(transfer(GetParam(), 10U << 20, 1U << 20, {1, 70'000, 13, 4096, 100'000}));
}

TEST_P(StreamTest, ManySmallWritesArriveWhole) {
  run_blocking(transfer(GetParam(), 20'000, 1, {1, 2, 500}));
  run_blocking(transfer(GetParam(), 200'000, 1000, {1}));
}

Task<void> note(Stream& stream, std::vector<std::string>& events) {
  for (;;) {
    const auto readable = co_await stream.wait_readable(kSoon);
    if (!readable) {
      events.emplace_back(name_of(readable.error().kind));
      co_return;
    }
    if (!*readable) {
      events.emplace_back("woken");
      continue;
    }
    const auto again = co_await stream.wait_readable(kSoon);
    EXPECT_TRUE(again && *again) << "nothing was taken";
    char buffer[100];
    const auto n = co_await stream.read_some(buffer, kSoon);
    EXPECT_TRUE(n);
    events.emplace_back(buffer, n.value_or(0));
    if (n.value_or(0) == 0) co_return;
  }
}

Task<void> idle(Layers layers) {
  Pair pair = co_await make_pair(layers);
  pair.server->wake();  // No waiter: no effect.
  const auto nothing = co_await pair.server->wait_readable(20ms);
  EXPECT_FALSE(nothing);
  EXPECT_EQ(nothing.error().kind, ErrorKind::timed_out);

  std::vector<std::string> events;
  Gate gate;
  gate.spawn(note(*pair.server, events));
  // With TLS, the session ticket that the client now has received is not application data.
  const auto quiet = co_await pair.client->wait_readable(20ms);
  EXPECT_FALSE(quiet);
  pair.server->wake();
  pair.server->wake();
  EXPECT_TRUE(events.empty()) << "wake() must not run the dialogue inside itself";
  co_await async::sleep_for(1ms);
  EXPECT_EQ(events, std::vector<std::string>{"woken"});
  EXPECT_TRUE(co_await pair.client->write("DONE\r\n", kSoon));
  co_await async::sleep_for(20ms);
  EXPECT_EQ(events, (std::vector<std::string>{"woken", "DONE\r\n"}));
  co_await pair.client->close();
  co_await gate.wait_empty();
  EXPECT_EQ(events, (std::vector<std::string>{"woken", "DONE\r\n", ""}));
}

TEST_P(StreamTest, WaitsWithoutReadingAndIsWoken) { run_blocking(idle(GetParam())); }

Task<void> slow_reader(Layers layers) {
  Pair pair = co_await make_pair(layers);
  std::string noise(1U << 20, '\0');
  std::uint32_t random = 1;
  for (char& c : noise) c = static_cast<char>((random = random * 1664525 + 1013904223) >> 24);
  Status written;
  int rounds = 0;
  while (written && ++rounds < 100) written = co_await pair.server->write(noise, 30ms);
  EXPECT_FALSE(written);
  EXPECT_EQ(written.error().kind, ErrorKind::timed_out);
  EXPECT_LT(rounds, 100) << "nothing held the writer back";
  const auto after = co_await pair.server->write("more", 30ms);
  EXPECT_FALSE(after);
  EXPECT_EQ(after.error().kind, ErrorKind::closed) << "half a write must not be followed by more";
}

TEST_P(StreamTest, APeerThatDoesNotReadTimesOutTheWriter) { run_blocking(slow_reader(GetParam())); }

Task<void> read_and_note(Stream& stream, ErrorKind& kind) {
  char buffer[10];
  const auto n = co_await stream.read_some(buffer, kSoon);
  EXPECT_FALSE(n);
  if (!n) kind = n.error().kind;
}

Task<void> shut_down(Layers layers) {
  Pair pair = co_await make_pair(layers);
  auto server_kind = ErrorKind::server_bug;
  std::vector<std::string> events;
  Gate gate;
  gate.spawn(read_and_note(*pair.server, server_kind));
  pair.server->shutdown_now();
  EXPECT_EQ(server_kind, ErrorKind::server_bug) << "must not run inside shutdown_now()";
  co_await gate.wait_empty();
  EXPECT_EQ(server_kind, ErrorKind::closed);
  gate.spawn(note(*pair.client, events));
  co_await gate.wait_empty();
  // Without TLS, a broken connection looks like an orderly end.
  EXPECT_EQ(events.front(), layers.tls ? "closed" : "");
  gate.spawn(note(*pair.server, events));
  co_await gate.wait_empty();
  EXPECT_EQ(events.back(), "closed");
  EXPECT_EQ((co_await pair.server->write("x", kSoon)).error().kind, ErrorKind::closed);
  co_await pair.server->close();
}

TEST_P(StreamTest, ShutdownEndsEveryWait) { run_blocking(shut_down(GetParam())); }

Task<void> destroy_waiting(Layers layers) {
  Pair pair = co_await make_pair(layers);
  std::vector<std::string> events;
  Gate gate;
  gate.spawn(note(*pair.server, events));
  gate.spawn(note(*pair.client, events));
  pair.server->shutdown_now();
  pair.client->shutdown_now();
  pair.client->shutdown_now();
  co_await gate.wait_empty();
  pair.server.reset();  // With readiness operations still pending.
  pair.client.reset();
  co_await async::sleep_for(1ms);
  EXPECT_EQ(events, (std::vector<std::string>{"closed", "closed"}));
}

TEST_P(StreamTest, MayBeDestroyedWhenItsWaitsHaveEnded) {
  run_blocking(destroy_waiting(GetParam()));
}

Task<void> close_now(Stream& stream) { co_await stream.close(); }

Task<void> last_words(Layers layers) {
  Pair pair = co_await make_pair(layers);
  // Unread input at the closing side must not make the other side lose its last lines.
  EXPECT_TRUE(co_await pair.client->write("unread", kSoon));
  EXPECT_TRUE(co_await pair.server->write("* BYE\r\n", kSoon));
  Gate gate;
  gate.spawn(close_now(*pair.server));
  co_await async::sleep_for(5ms);
  EXPECT_EQ(co_await read_exactly(*pair.client, 100), "* BYE\r\n");
  const auto start = std::chrono::steady_clock::now();
  pair.client.reset();
  co_await gate.wait_empty();
  EXPECT_LT(std::chrono::steady_clock::now() - start, 500ms) << "the peer had closed";
  co_await pair.server->close();  // A second call has no effect.
}

TEST_P(StreamTest, CloseLetsThePeerReadEverything) { run_blocking(last_words(GetParam())); }

Task<void> write_one(Stream& stream, std::string text) {
  EXPECT_TRUE(co_await stream.write(text, kSoon));
}

Task<void> write_at_once(Layers layers) {
  Pair pair = co_await make_pair(layers);
  Gate gate;
  std::string expected;
  for (char c = 'a'; c <= 'h'; ++c) {
    const std::string text(700'000, c);
    expected += text;
    gate.spawn(write_one(*pair.server, text));
  }
  EXPECT_GT(gate.running(), 2U) << "several should wait";
  EXPECT_TRUE(co_await read_exactly(*pair.client, expected.size()) == expected);
  co_await gate.wait_empty();
}

TEST(Stream, ConcurrentWritesKeepTheirOrder) {
  run_blocking(write_at_once({"plain"}));
  run_blocking(write_at_once({"tls", true}));
}

Task<void> one_direction_each(Layers layers) {
  Pair pair = co_await make_pair(layers);
  const std::string text = sample(3U << 20);
  Gate gate;
  gate.spawn(send_in_parts(*pair.server, text, 100'000));
  gate.spawn(send_in_parts(*pair.client, text, 100'000));
  std::string at_server;
  struct Reader {
    static Task<void> run(Stream& stream, std::size_t size, std::string& into) {
      into = co_await read_exactly(stream, size);
    }
  };
  gate.spawn(Reader::run(*pair.server, text.size(), at_server));
  EXPECT_TRUE(co_await read_exactly(*pair.client, text.size()) == text);
  co_await gate.wait_empty();
  EXPECT_TRUE(at_server == text);
}

TEST_P(StreamTest, BothDirectionsAtOnce) { run_blocking(one_direction_each(GetParam())); }

Task<void> read_forever(Stream& stream, std::size_t& total) {
  std::vector<char> buffer(1000);
  for (;;) {
    const auto n = co_await stream.read_some(buffer, kSoon);
    if (!n || *n == 0) co_return;
    total += *n;
  }
}

Task<void> greedy(Layers layers) {
  Pair pair = co_await make_pair(layers);
  Gate gate;
  gate.spawn(send_in_parts(*pair.client, sample(2U << 20), 64 * 1024));
  co_await async::sleep_for(20ms);
  std::size_t total = 0;
  gate.spawn(read_forever(*pair.server, total));
  EXPECT_LT(total, 100'000U) << "a peer that always has more must not keep the loop";
  co_await pair.server->close();
  co_await gate.wait_empty();
}

TEST(Stream, AlwaysReadyPeersLeaveOthersTheirTurn) { run_blocking(greedy({"plain"})); }

Task<void> unix_pair() {
  const TemporaryFolder folder;
  const std::string path = folder.file("lmtp");
  const auto listening = listen_unix(path, 0600);
  EXPECT_TRUE(listening);
  auto client = co_await connect_unix(path, kSoon);
  EXPECT_TRUE(client);
  auto server = make_stream(::accept(listening->fds[0], nullptr, nullptr));
  EXPECT_TRUE(server);
  EXPECT_EQ((*server)->peer(), "unix");
  EXPECT_TRUE(co_await (*client)->write("LHLO x\r\n", kSoon));
  EXPECT_EQ(co_await read_exactly(**server, 8), "LHLO x\r\n");
  ::close(listening->fds[0]);
  EXPECT_EQ((co_await connect_unix(folder.file("none"), kSoon)).error().kind,
            ErrorKind::unavailable);
  EXPECT_EQ((co_await connect_unix(std::string(200, 'x'), kSoon)).error().kind,
            ErrorKind::bad_argument);
}

TEST(Stream, OverAUnixSocket) { run_blocking(unix_pair()); }

Task<void> failing_connects() {
  auto listening = listen_tcp("127.0.0.1:0").value();
  ::close(listening.fds[0]);
  EXPECT_EQ((co_await connect("127.0.0.1", listening.port, kSoon)).error().kind,
            ErrorKind::unavailable);
  EXPECT_EQ((co_await connect("no-such-host.invalid", 143, kSoon)).error().kind,
            ErrorKind::not_found);
}

TEST(Connect, SaysWhyItFails) { run_blocking(failing_connects()); }

}  // namespace
}  // namespace posthorn::net
