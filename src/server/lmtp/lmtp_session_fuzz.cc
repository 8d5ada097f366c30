// Whatever a client sends to a session, in any state and in any portions: every line of output
// belongs to a reply, the next command is found, and the stored data stays valid.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "server/frame/test_scripted_stream.h"
#include "server/lmtp/session.h"
#include "service/forwarding/test_forwarder.h"
#include "store/test_fuzz_store.h"
#include "text/ascii.h"
#include "wire/smtp/reply.h"

namespace {

using namespace posthorn;
using async::Task;
using server::lmtp::LmtpContext;
using server::lmtp::LmtpOptions;
using store::require;

constexpr std::size_t kMaxScript = 4096;

/// Ends a line or a message, then sends QUIT.
constexpr std::string_view kSentinel = "\r\n.\r\nNOOP\r\nQUIT\r\n";

constexpr std::string_view kHello = "LHLO client\r\n";
constexpr std::string_view kEnvelope =
    "LHLO client\r\nMAIL FROM:<bob@example.com> SMTPUTF8\r\nRCPT TO:<ada@example.org>\r\n"
    "RCPT TO:<ada+work/übung@example.org>\r\n";
constexpr std::string_view kData =
    "LHLO client\r\nMAIL FROM:<>\r\nRCPT TO:<ada@example.org>\r\nDATA\r\n";

/// The initial state, chosen by the first octet of the input.
class Start {
 public:
  explicit Start(std::uint8_t bits) : bits_(bits) {}
  [[nodiscard]] std::string_view prefix() const {
    constexpr std::string_view kPrefixes[] = {"", kHello, kEnvelope, kData};
    return kPrefixes[bits_ % 4];
  }
  [[nodiscard]] std::size_t step() const {
    constexpr std::size_t kSteps[] = {kMaxScript, 1, 5, 64};
    return kSteps[bits_ / 4 % 4];
  }

 private:
  std::uint8_t bits_;
};

Task<Result<std::optional<store::AddressEntry>>> find(store::Store& store, std::string name) {
  co_return co_await store.find_address(name);
}

Task<void> serve(store::FuzzStore& store, net::Stream& stream) {
  auth::SessionLimits limits({});
  service::TestForwarder forwarder(store.store());
  const LmtpContext context{
      store.store(),
      limits,
      [&store](std::string name) { return find(store.store(), std::move(name)); },
      {},
      *forwarder};
  const auto options = std::make_shared<const LmtpOptions>(
      LmtpOptions{.max_message_octets = 8 << 10, .max_recipients = 10});
  const server::frame::Connections connections;
  server::frame::CommandMeter meter(wire::smtp::command_names());
  server::lmtp::Session session(
      context, {.stream = stream, .options = options, .connections = connections, .meter = meter});
  co_await session.run();
}

/// Parses output as a client does. Returns the code of the last reply.
std::uint16_t read_all(std::string_view output) {
  for (std::size_t at = 0; (at = output.find('\n', at)) != std::string_view::npos; ++at)
    require(at > 0 && output[at - 1] == '\r', "a line ends with CRLF");
  require(output.ends_with("\r\n"), "the last line has an end");
  wire::smtp::ReplyReader reader;
  std::uint16_t last = 0;
  while (!output.empty()) {
    const auto reply = reader.take(output);
    require(reply.has_value() && reply->has_value(), "a reply can be read");
    last = (*reply)->code;
  }
  return last;
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
  require(stream.output().size() <= (4 << 10) + size * 1024, "what is sent is bounded");
  const std::uint16_t last = read_all(stream.output());
  if (!may_have_chunks(script)) require(last == 221 || last == 421, "the session stays in sync");
  store.check();
  return 0;
}
