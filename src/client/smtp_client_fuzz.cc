#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "async/run.h"
#include "client/smtp_client.h"
#include "client/test_stream.h"

using namespace posthorn;
using client::SmtpOutcome;

namespace {

class OneBlock final : public client::SmtpSource {
 public:
  async::Task<Result<std::string_view>> next() override {
    if (std::exchange(given_, true)) co_return std::string_view();
    co_return std::string_view("Subject: x\r\n\r\n.\r\nbare \n.\n and \r.\r end");
  }

 private:
  bool given_ = false;
};

wire::smtp::Address address(const char* text) {
  return *wire::smtp::parse_address(text, wire::smtp::BareNames::any);
}

void require(bool condition) {
  if (!condition) std::abort();
}

/// Properties that must hold for any server output.
void check(const std::vector<SmtpOutcome>& outcomes, const std::string& written) {
  require(outcomes.size() == 2);
  for (const SmtpOutcome& outcome : outcomes) {
    const auto klass = static_cast<std::uint16_t>(outcome.reply.code / 100);
    require(outcome.reply.status && outcome.reply.status->klass == klass);
    // An outcome is accepted or refused only by a reply of the server (or by our own check before
    // it).
    require((outcome.fate == SmtpOutcome::Fate::accepted) == (klass == 2));
    require(outcome.fate != SmtpOutcome::Fate::accepted || outcome.by_server);
    require(wire::smtp::one_line(outcome.reply).find_first_of("\r\n") == std::string::npos);
  }
  // Without BDAT, every CR precedes an LF and every LF follows a CR.
  if (written.find("BDAT") != std::string::npos) return;
  for (std::size_t i = 0; i < written.size(); ++i) {
    if (written[i] == '\r') require(i + 1 < written.size() && written[i + 1] == '\n');
    if (written[i] == '\n') require(i > 0 && written[i - 1] == '\r');
  }
}

}  // namespace

/// A server that sends arbitrary octets, split at 0xFE into portions that arrive together, and read
/// in pieces of a given size.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  std::string_view rest(reinterpret_cast<const char*>(data + 2), size - 2);
  std::vector<client::ScriptedStream::Entry> script;
  while (!rest.empty() && script.size() < 100) {
    const std::size_t cut = rest.find('\xfe');
    if (cut != 0) script.emplace_back(std::string(rest.substr(0, cut)));
    rest.remove_prefix(cut == std::string_view::npos ? rest.size() : cut + 1);
  }
  client::ScriptedStream::Record record;
  client::SmtpClient smtp(
      std::make_unique<client::ScriptedStream>(std::move(script), record, data[0] % 32 + 1U), {});
  client::SmtpEndpoint endpoint;
  endpoint.security = client::SmtpSecurity::none;
  endpoint.hello_name = "x";
  if (data[1] & 1U)
    endpoint.login = std::make_shared<const auth::Login>(auth::Login{"ann", auth::Secret("pw")});
  const Status opened = async::run_blocking(
      smtp.open(std::make_shared<const client::SmtpEndpoint>(std::move(endpoint))));
  if (!opened) return 0;
  client::SmtpEnvelope envelope;
  envelope.mail.from = address("ann@example.org");
  envelope.recipients = {{.to = address("bob@example.net")}, {.to = address("cat@example.net")}};
  client::SmtpContent content{.octets = 40};
  content.eight_bit = (data[1] & 2U) != 0;
  content.binary = (data[1] & 4U) != 0;
  OneBlock source;
  check(async::run_blocking(smtp.send(envelope, content, source)), record.written);
  return 0;
}
