#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "async/event.h"
#include "async/gate.h"
#include "async/run.h"
#include "net/connect.h"
#include "net/listening.h"
#include "net/tcp_stream.h"
#include "net/tls_context.h"

// For the tests of net/.
namespace posthorn::net::testing {

using namespace std::chrono_literals;
using async::Gate;
using async::run_blocking;
using async::Task;
using std::chrono::milliseconds;

// Timeout for what should happen immediately, on a busy machine.
constexpr milliseconds kSoon = 5s;

/// A folder that is removed at the end of the test.
struct TemporaryFolder {
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "posthorn-net-XXXXXX").string();
    if (mkdtemp(pattern.data())) path = pattern;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  [[nodiscard]] std::string file(const std::string& name) const { return path + "/" + name; }

  std::string path;
};

/// A self-signed certificate for localhost, for both sides.
struct TestTls {
  TestTls() : pair(ensure_self_signed(folder.path, {"localhost", "127.0.0.1"}).value()) {
    server = TlsContext::load({pair}).value();
    client = TlsClientContext::make({.verify = false}).value();
  }
  TemporaryFolder folder;
  CertificatePair pair;
  std::shared_ptr<TlsContext> server;
  std::shared_ptr<TlsClientContext> client;
};

/// Shared by all tests, because making a key takes long.
inline const TestTls& test_tls() {
  static const TestTls tls;
  return tls;
}

struct Pair {
  std::unique_ptr<Stream> server;
  std::unique_ptr<Stream> client;
};

/// The two ends of a TCP connection over loopback, on the current loop.
inline Task<Pair> connect_pair() {
  auto listening = listen_tcp("127.0.0.1:0").value();
  Pair pair;
  pair.client = (co_await connect("127.0.0.1", listening.port, kSoon)).value();
  const int listener = listening.fds.front();
  pair.server = make_stream(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC)).value();
  ::close(listener);
  co_return pair;
}

inline Task<void> serve_tls(Stream& stream, Status& status) {
  status = co_await stream.start_tls(test_tls().server, kSoon, "");
}

inline Task<void> add_tls(Pair& pair) {
  Gate gate;
  Status served;
  gate.spawn(serve_tls(*pair.server, served));
  const auto status =
      co_await start_tls_client(*pair.client, test_tls().client, "localhost", kSoon);
  co_await gate.wait_empty();
  EXPECT_TRUE(served) << served.error().text << ": " << served.error().cause;
  EXPECT_TRUE(status) << status.error().text << ": " << status.error().cause;
}

/// The layers above the socket.
struct Layers {
  std::string name;
  bool tls = false;
  bool deflate = false;
};

inline Task<Pair> make_pair(Layers layers) {
  Pair pair = co_await connect_pair();
  if (layers.tls) co_await add_tls(pair);
  if (layers.deflate) {
    EXPECT_TRUE(pair.server->start_deflate());
    EXPECT_TRUE(pair.client->start_deflate());
  }
  co_return pair;
}

/// Reads exactly `size` octets, or fewer at the end or after an error.
inline Task<std::string> read_exactly(Stream& stream, std::size_t size) {
  std::string text(size, '\0');
  std::size_t have = 0;
  while (have < size) {
    const auto n = co_await stream.read_some({text.data() + have, size - have}, kSoon);
    if (!n || *n == 0) break;
    have += *n;
  }
  text.resize(have);
  co_return text;
}

/// Text that compresses about as well as mail.
inline std::string sample(std::size_t size) {
  std::string text;
  text.reserve(size + 64);
  std::uint32_t random = 12345;
  while (text.size() < size) {
    random = random * 1664525 + 1013904223;
    text += "* " + std::to_string(random >> 12) + " FETCH (FLAGS (\\Seen))\r\n";
  }
  text.resize(size);
  return text;
}

}  // namespace posthorn::net::testing
