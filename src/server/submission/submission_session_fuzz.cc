// Whatever a client sends to a session, in any state and in any portions: every line of output
// belongs to a reply, the next command is found, the stored data stays valid, and each message
// reported as queued is in the outbox and in Sent exactly once.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "auth/throttle.h"
#include "server/frame/test_scripted_stream.h"
#include "server/submission/session.h"
#include "store/test_fuzz_store.h"
#include "text/ascii.h"
#include "wire/smtp/reply.h"

namespace {

using namespace posthorn;
using async::Task;
using server::submission::SubmissionContext;
using server::submission::SubmissionOptions;
using store::require;

constexpr std::size_t kMaxScript = 4096;

/// Ends a line or a message, then sends QUIT.
constexpr std::string_view kSentinel = "\r\n.\r\nNOOP\r\nQUIT\r\n";

// AUTH PLAIN: ada, secret.
#define LOGIN "EHLO client\r\nAUTH PLAIN AGFkYUBleGFtcGxlLm9yZwBzZWNyZXQ=\r\n"
constexpr std::string_view kLogin = LOGIN;
constexpr std::string_view kEnvelope = LOGIN
    "MAIL FROM:<ada@example.org> SMTPUTF8\r\nRCPT TO:<ada@example.org>\r\n"
    "RCPT TO:<bob@example.com> NOTIFY=SUCCESS\r\n";
constexpr std::string_view kData = LOGIN
    "MAIL FROM:<ada@example.org>\r\nRCPT TO:<ada@example.org>\r\nDATA\r\nFrom: ada@example.org\r\n";
#undef LOGIN

/// The initial state, chosen by the first octet of the input.
class Start {
 public:
  explicit Start(std::uint8_t bits) : bits_(bits) {}
  [[nodiscard]] std::string_view prefix() const {
    constexpr std::string_view kPrefixes[] = {"", kLogin, kEnvelope, kData};
    return kPrefixes[bits_ % 4];
  }
  [[nodiscard]] std::size_t step() const {
    constexpr std::size_t kSteps[] = {kMaxScript, 1, 5, 64};
    return kSteps[bits_ / 4 % 4];
  }

 private:
  std::uint8_t bits_;
};

class OneUser final : public auth::Directory {
 public:
  explicit OneUser(AccountId account) : account_(account) {}
  Task<Result<std::optional<auth::LoginRecord>>> find(std::string login) override {
    static const auth::ScramKeys keys = auth::make_keys("secret", auth::kMinIterations);
    if (login != "ada@example.org") co_return std::nullopt;
    auth::LoginRecord record;
    record.account = account_;
    record.name = login;
    record.keys = keys;
    record.version = 1;
    co_return record;
  }

 private:
  const AccountId account_;
};

Task<Result<std::optional<store::AddressEntry>>> find(store::Store& store, std::string name) {
  co_return co_await store.find_address(name);
}
Task<Result<bool>> is_ours(std::string domain) { co_return domain == "example.org"; }

Task<void> serve(store::FuzzStore& store, net::Stream& stream) {
  OneUser directory(store.account()->id());
  auth::Throttle throttle(
      {.first_delay = std::chrono::milliseconds(0), .longest_delay = std::chrono::milliseconds(0)},
      store.clock());
  auth::HashQueue hashing(store::FuzzThreads::all().some, {});
  auth::Authenticator authenticator(directory, throttle, hashing, store.clock(),
                                    {.sasl = {.decoy_key = "decoy", .decoy_iterations = 1}});
  auth::SessionLimits limits({});
  const SubmissionContext context{
      store.store(),
      authenticator,
      limits,
      [&store](std::string name) { return find(store.store(), std::move(name)); },
      [](std::string domain) { return is_ours(std::move(domain)); },
      [] { return true; },
      {}};
  SubmissionOptions options;
  options.plaintext = auth::PlaintextLogin::always;
  options.max_message_octets = 8 << 10;
  options.max_recipients = 10;
  const server::frame::Connections connections;
  server::frame::CommandMeter meter(wire::smtp::command_names());
  server::submission::Session session(
      context, {.stream = stream,
                .options = std::make_shared<const SubmissionOptions>(std::move(options)),
                .connections = connections,
                .meter = meter});
  co_await session.run();
}

struct Said {
  std::uint16_t last = 0;  ///< The code of the last reply.
  std::size_t queued = 0;  ///< Messages taken.
};

/// Parses output as a client does.
Said read_all(std::string_view output) {
  for (std::size_t at = 0; (at = output.find('\n', at)) != std::string_view::npos; ++at)
    require(at > 0 && output[at - 1] == '\r', "a line ends with CRLF");
  require(output.ends_with("\r\n"), "the last line has an end");
  wire::smtp::ReplyReader reader;
  Said said;
  while (!output.empty()) {
    // A 334 has base64 or nothing in place of the text.
    const auto reply = reader.take(output);
    require(reply.has_value() && reply->has_value(), "a reply can be read");
    said.last = (*reply)->code;
    if (said.last == 250 && (*reply)->lines.front().starts_with("Queued as")) ++said.queued;
  }
  return said;
}

/// Returns whether the input may announce a number of octets, so that the sentinel may be among
/// them.
bool may_have_chunks(std::string_view script) { return text::upper(script).contains("BDAT"); }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > kMaxScript) return 0;
  const Start start(data[0]);
  const std::string_view script(reinterpret_cast<const char*>(data + 1), size - 1);
  store::FuzzStore store;
  std::string said(start.prefix());
  said.append(script).append(kSentinel);
  server::frame::ScriptedStream stream(std::move(said), start.step());
  store::FuzzStore::run(serve(store, stream));
  require(stream.output().size() <= (8 << 10) + size * 1024, "what is sent is bounded");
  const Said answers = read_all(stream.output());
  if (!may_have_chunks(script))
    require(answers.last == 221 || answers.last == 421, "the session stays in sync");
  const store::StatePtr state = store.account()->published();
  require(state->outbox->size() == answers.queued, "what got its 250 is queued, nothing else is");
  require(state->find("Sent")->head.messages == answers.queued, "and filed once");
  store.check();
  return 0;
}
