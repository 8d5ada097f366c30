#include "net/listener.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <atomic>
#include <future>
#include <thread>

#include "net/address.h"
#include "net/test_pair.h"

namespace posthorn::net {
namespace {

using namespace posthorn::net::testing;

TEST(Address, HostAndPort) {
  const auto both = [](std::string_view text) {
    const auto parsed = parse_host_port(text);
    return parsed ? parsed->host + " " + std::to_string(parsed->port) : "bad";
  };
  EXPECT_EQ(both("mail.example.org:143"), "mail.example.org 143");
  EXPECT_EQ(both("192.0.2.1:0"), "192.0.2.1 0");
  EXPECT_EQ(both("[::1]:993"), "::1 993");
  EXPECT_EQ(both("*:143"), " 143");
  EXPECT_EQ(both(":65535"), " 65535");
  for (const auto* text : {"", "143", "host", "host:", "host:x", "host:70000", "host:-1", "::1:143",
                           "[::1:143", "[]:143", "host:143 "}) {
    EXPECT_EQ(both(text), "bad") << text;
  }
}

// Sends the number of its loop, then closes.
struct Greeter {
  explicit Greeter(std::size_t loops) : pool(loops) {
    for (std::size_t i = 0; i < loops; ++i) {
      pool.at(i).post([this, i] { gates[i] = std::make_unique<Gate>(); });
    }
  }
  ~Greeter() { finish(); }
  // Stops the listener, and the loops when every greeting has ended.
  void finish() {
    if (listener) listener->stop();
    // First round: the accepting loop has stopped. Second round: the connections it handed out have
    // started.
    for (int round = 0; round < 2; ++round) {
      for (std::size_t i = 0; i < pool.size(); ++i) pass_through(pool.at(i));
    }
    while (ended != begun) std::this_thread::sleep_for(1ms);
    pool.stop_and_join();
  }
  static void pass_through(async::Loop& loop) {
    std::promise<void> passed;
    auto future = passed.get_future();
    loop.post([passed = std::move(passed)]() mutable { passed.set_value(); });
    future.wait();
  }

  OnConnection greet() {
    return [this](std::unique_ptr<Stream> stream) {
      ++begun;
      for (std::size_t i = 0; i < pool.size(); ++i) {
        if (pool.at(i).is_current()) gates[i]->spawn(run(std::move(stream), i, ended));
      }
    };
  }
  static Task<void> run(std::unique_ptr<Stream> stream, std::size_t loop, std::atomic<int>& ended) {
    // The peer may be gone already, if it only tested whether anybody listens.
    (void)co_await stream->write(std::to_string(loop), kSoon);
    co_await stream->close();
    stream.reset();
    ++ended;
  }

  async::LoopPool pool;
  std::unique_ptr<Gate> gates[4];
  std::atomic<int> begun = 0;
  std::atomic<int> ended = 0;
  std::unique_ptr<Listener> listener;
};

Task<std::string> greeting_at(std::uint16_t port) {
  auto stream = co_await connect("127.0.0.1", port, kSoon);
  if (!stream) co_return stream.error().text;
  co_return co_await read_exactly(**stream, 10);
}

TEST(Listener, DealsConnectionsOutToAllLoops) {
  Greeter greeter(3);
  greeter.listener = Listener::tcp(greeter.pool, "127.0.0.1:0", greeter.greet()).value();
  ASSERT_GT(greeter.listener->port(), 0);
  std::map<std::string, int> seen;
  for (int i = 0; i < 30; ++i) ++seen[run_blocking(greeting_at(greeter.listener->port()))];
  EXPECT_EQ(seen, (std::map<std::string, int>{{"0", 10}, {"1", 10}, {"2", 10}}));
}

TEST(Listener, TakesEveryAddress) {
  Greeter greeter(1);
  greeter.listener = Listener::tcp(greeter.pool, "*:0", greeter.greet()).value();
  EXPECT_EQ(run_blocking(greeting_at(greeter.listener->port())), "0");
  greeter.listener = Listener::tcp(greeter.pool, "localhost:0", greeter.greet()).value();
  EXPECT_EQ(run_blocking(greeting_at(greeter.listener->port())), "0");
}

TEST(Listener, StopsListening) {
  Greeter greeter(1);
  greeter.listener = Listener::tcp(greeter.pool, "127.0.0.1:0", greeter.greet()).value();
  const auto port = greeter.listener->port();
  EXPECT_EQ(run_blocking(greeting_at(port)), "0");
  greeter.listener->stop();
  Greeter::pass_through(greeter.pool.at(0));
  EXPECT_NE(run_blocking(greeting_at(port)), "0");
}

TEST(Listener, SaysWhyItCannot) {
  Greeter greeter(1);
  greeter.listener = Listener::tcp(greeter.pool, "127.0.0.1:0", greeter.greet()).value();
  const auto kind = [&](const std::string& where) {
    const auto made = Listener::tcp(greeter.pool, where, greeter.greet());
    return made ? ErrorKind::server_bug : made.error().kind;
  };
  EXPECT_EQ(kind("127.0.0.1:" + std::to_string(greeter.listener->port())),
            ErrorKind::already_exists);
  EXPECT_EQ(kind("nonsense"), ErrorKind::bad_argument);
  EXPECT_EQ(kind("no-such-host.invalid:0"), ErrorKind::not_found);
  EXPECT_EQ(kind("192.0.2.1:0"), ErrorKind::not_found);
}

Task<std::string> greeting_at_path(std::string path) {
  auto stream = co_await connect_unix(path, kSoon);
  if (!stream) co_return stream.error().text;
  co_return co_await read_exactly(**stream, 10);
}

TEST(Listener, UnixSocketsAndTheirFiles) {
  const TemporaryFolder folder;
  const std::string path = folder.file("lmtp");
  Greeter greeter(1);
  greeter.listener = Listener::unix_socket(greeter.pool, path, 0666, greeter.greet()).value();
  EXPECT_EQ(run_blocking(greeting_at_path(path)), "0");
  struct stat info{};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0666U);
  const auto second = Listener::unix_socket(greeter.pool, path, 0666, greeter.greet());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::already_exists);
  EXPECT_EQ(run_blocking(greeting_at_path(path)), "0") << "the one in use was left alone";
  greeter.listener->stop();
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(Listener, ReplacesASocketFileNobodyListensAt) {
  const TemporaryFolder folder;
  const std::string path = folder.file("lmtp");
  ::close(listen_unix(path, 0600).value().fds[0]);
  ASSERT_TRUE(std::filesystem::exists(path));
  Greeter greeter(1);
  greeter.listener = Listener::unix_socket(greeter.pool, path, 0600, greeter.greet()).value();
  EXPECT_EQ(run_blocking(greeting_at_path(path)), "0");
}

// Without free descriptors, a new connection is turned away. The next one is served when there are
// some again.
TEST(Listener, SurvivesRunningOutOfDescriptors) {
  if (__has_feature(undefined_behavior_sanitizer)) {
    GTEST_SKIP() << "its checks need descriptors themselves, and report falsely without";
  }
  Greeter greeter(1);
  greeter.listener = Listener::tcp(greeter.pool, "127.0.0.1:0", greeter.greet()).value();
  const auto port = greeter.listener->port();
  EXPECT_EQ(run_blocking(greeting_at(port)), "0");

  while (greeter.ended == 0)
    std::this_thread::sleep_for(1ms);  // Its descriptor must not become free.

  const int client = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  std::vector<int> hoard;
  rlimit limit{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  rlimit low = limit;
  low.rlim_cur = 128;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
  for (int fd = 0; (fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0;) hoard.push_back(fd);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::connect(client, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  const timeval patience{5, 0};
  setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  char buffer[10];
  EXPECT_LE(::recv(client, buffer, sizeof buffer, 0), 0) << "nobody could have greeted";
  EXPECT_NE(errno, EAGAIN) << "it should be closed, not left hanging";
  ::close(client);
  for (const int fd : hoard) ::close(fd);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
  EXPECT_EQ(run_blocking(greeting_at(port)), "0");
}

TEST(Listener, StopsWhileItPauses) {
  Greeter greeter(1);
  auto listening = listen_tcp("127.0.0.1:0").value();
  const int copy = ::dup(listening.fds[0]);
  greeter.listener = Listener::inherited(greeter.pool, listening.fds[0], greeter.greet()).value();
  EXPECT_EQ(run_blocking(greeting_at(listening.port)), "0");
  // Shut down while the listener uses it: accept() fails permanently, and the listener pauses
  // repeatedly.
  ::shutdown(copy, SHUT_RDWR);
  ::close(copy);
  std::this_thread::sleep_for(20ms);
  greeter.listener->stop();  // The leak checker verifies the rest.
}

TEST(Inherited, TakesAListeningSocketOnly) {
  Greeter greeter(1);
  EXPECT_FALSE(Listener::inherited(greeter.pool, 0, greeter.greet()));
  auto listening = listen_tcp("127.0.0.1:0").value();
  greeter.listener = Listener::inherited(greeter.pool, listening.fds[0], greeter.greet()).value();
  EXPECT_EQ(greeter.listener->port(), listening.port);
  EXPECT_EQ(run_blocking(greeting_at(listening.port)), "0");
}

// Runs in a child process: the descriptors must be 3 and 4, and the environment belongs to the
// process.
int inherit_in_child() {
  setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
  setenv("LISTEN_FDS", "2", 1);
  setenv("LISTEN_FDNAMES", "imap:lmtp", 1);
  const auto sockets = take_inherited_sockets();
  if (sockets.size() != 2 || sockets[0].fd != 3 || sockets[1].fd != 4) return 1;
  if (sockets[0].name != "imap" || sockets[1].name != "lmtp") return 2;
  if (std::getenv("LISTEN_FDS") || !take_inherited_sockets().empty()) return 3;
  setenv("LISTEN_PID", "1", 1);
  setenv("LISTEN_FDS", "2", 1);
  return take_inherited_sockets().empty() ? 0 : 4;
}

TEST(Inherited, ReadsTheEnvironmentOnce) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(inherit_in_child());
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace posthorn::net
