// Whatever a client sends to a session, in any state and in any portions: the output lines end with
// CRLF and contain no NUL, a message has the announced size, the session stays in step, and the
// stored data stays valid.

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "server/frame/test_scripted_stream.h"
#include "server/pop3/session.h"
#include "store/test_fuzz_store.h"

namespace {

using namespace posthorn;
using async::Task;
using server::pop3::Pop3Options;
using store::require;

constexpr std::size_t kMaxScript = 4096;
constexpr std::string_view kLogin = "USER ada@example.org\r\nPASS secret\r\n";
/// Ends a line or an authentication, then sends QUIT.
constexpr std::string_view kSentinel = "\r\n*\r\nQUIT\r\n";

/// Everybody who is ada has the password "secret".
class Directory final : public auth::Directory {
 public:
  explicit Directory(const AccountId& id) {
    record_.account = id;
    record_.name = "ada@example.org";
    record_.keys = auth::make_keys("secret", 1);
  }
  Task<Result<std::optional<auth::LoginRecord>>> find(std::string login) override {
    if (login != record_.name) co_return std::nullopt;
    co_return record_;
  }

 private:
  auth::LoginRecord record_;
};

Task<void> serve(store::FuzzStore& store, net::Stream& stream, bool utf8) {
  Directory directory(store.account()->id());
  auth::Throttle throttle({.free_guesses = 10'000, .free_stray_guesses = 1'000'000}, store.clock());
  auth::HashQueue hashing(store::FuzzThreads::all().some, {});
  auth::Authenticator authenticator(directory, throttle, hashing, store.clock(),
                                    {.sasl = {.decoy_key = "k", .decoy_iterations = 1}});
  auth::SessionLimits limits({});
  server::pop3::LoginDelay delay(store.clock());
  const server::pop3::Pop3Context context{store.store(), authenticator, limits, {}};
  const auto options =
      std::make_shared<const Pop3Options>(Pop3Options{.plaintext = auth::PlaintextLogin::always,
                                                      .mark_seen = utf8,
                                                      .bad_commands = 10'000,
                                                      .bad_commands_before_login = 10'000,
                                                      .failed_logins = 10'000});
  const server::frame::Connections connections;
  server::frame::CommandMeter meter(wire::pop3::command_names());
  server::pop3::Session session(
      context, delay,
      {.stream = stream, .options = options, .connections = connections, .meter = meter});
  co_await session.run();
}

void check_lines(std::string_view output) {
  require(!output.contains('\0'), "no NUL is sent");
  for (std::size_t at = 0; (at = output.find('\n', at)) != std::string_view::npos; ++at)
    require(at > 0 && output[at - 1] == '\r', "a line ends with CRLF");
  require(output.ends_with("\r\n"), "the last line has an end");
  require(output.starts_with("+OK "), "there is a greeting");
  const std::size_t last = output.rfind("\r\n", output.size() - 3);
  require(output.substr(last + 2).starts_with("+OK Good-bye"), "the session stays in sync");
}

/// After each "+OK 120 octets", which only RETR sends, there must be a message of that size.
void check_sizes(std::string_view output) {
  constexpr std::string_view kEnd = " octets\r\n";
  while (true) {
    const std::size_t end = output.find(kEnd);
    if (end == std::string_view::npos) return;
    const std::size_t line = output.rfind('\n', end) + 1;
    std::string_view said = output.substr(line, end - line);
    output.remove_prefix(end + kEnd.size());
    std::uint64_t octets = 0;
    if (!said.starts_with("+OK ")) continue;
    said.remove_prefix(4);
    const auto parsed = std::from_chars(said.data(), said.data() + said.size(), octets);
    if (parsed.ptr != said.data() + said.size()) continue;
    std::uint64_t sent = 0;
    while (!output.starts_with(".\r\n")) {
      const std::size_t length = output.find('\n') + 1;
      require(length != 0, "a message has an end");
      sent += length - (output.front() == '.' ? 1 : 0);
      output.remove_prefix(length);
    }
    require(sent == octets, "a message is as long as was said");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > kMaxScript) return 0;
  const bool utf8 = (data[0] & 2) != 0;
  constexpr std::size_t kSteps[] = {kMaxScript, 1, 5, 64};
  std::string script(utf8 ? "UTF8\r\n" : "");
  if ((data[0] & 1) != 0) script += kLogin;
  script.append(reinterpret_cast<const char*>(data + 1), size - 1).append(kSentinel);
  store::FuzzStore store;
  server::frame::ScriptedStream stream(std::move(script), kSteps[data[0] / 4 % 4]);
  store::FuzzStore::run(serve(store, stream, utf8));
  require(stream.output().size() <= (4 << 10) + size * 1024, "what is sent is bounded");
  check_lines(stream.output());
  check_sizes(stream.output());
  store.check();
  return 0;
}
