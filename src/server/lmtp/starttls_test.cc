#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/test_pair.h"
#include "server/lmtp/session.h"
#include "service/forwarding/test_forwarder.h"
#include "store/store_fixture.h"
#include "wire/smtp/reply.h"

namespace posthorn::server::lmtp {
namespace {

using net::testing::add_tls;
using net::testing::kSoon;
using net::testing::Pair;
using net::testing::test_tls;
using testing::Contains;
using testing::Not;
using wire::smtp::Reply;

/// The client: sends a group of commands, and reads replies.
class Client {
 public:
  explicit Client(net::Stream& stream) : stream_(stream) {}

  async::Task<void> say(std::string_view lines) {
    EXPECT_TRUE(co_await stream_.write(lines, kSoon));
  }
  /// Reads the next reply; code 0 if the server has disconnected or sent an invalid reply.
  async::Task<Reply> reply() {
    while (true) {
      if (auto reply = reader_.take(rest_)) co_return *reply ? std::move(**reply) : Reply{};
      buffer_.resize(4096);
      const auto got = co_await stream_.read_some(buffer_, kSoon);
      if (!got || *got == 0) co_return Reply{};
      rest_ = std::string_view(buffer_).substr(0, *got);
    }
  }
  async::Task<std::uint16_t> ask(std::string_view line) {
    co_await say(line);
    co_return (co_await reply()).code;
  }

 private:
  net::Stream& stream_;
  wire::smtp::ReplyReader reader_;
  std::string buffer_;
  std::string_view rest_;
};

/// LMTP over a real socket and real TLS.
class LmtpStartTlsTest : public store::StoreFixture {
 protected:
  LmtpStartTlsTest() { ada_ = make_account("ada@example.org"); }

  /// Runs `dialogue` against a session; ends when both have.
  void play(async::Task<void> (*dialogue)(Pair&)) { run(play_on(*this, dialogue)); }

  static async::Task<void> play_on(LmtpStartTlsTest& test, async::Task<void> (*dialogue)(Pair&)) {
    Pair pair = co_await net::testing::connect_pair();
    async::Gate gate;
    gate.spawn(test.serve(*pair.server));
    co_await dialogue(pair);
    pair.client->shutdown_now();
    co_await gate.wait_empty();
  }

  async::Task<void> serve(net::Stream& stream) {
    const LmtpContext context{*store_, limits_,
                              [this](std::string name) { return find(std::move(name)); },
                              [] { return test_tls().server; }, *forwarder_};
    const frame::Connections connections;
    frame::CommandMeter meter(wire::smtp::command_names());
    const auto options =
        std::make_shared<const LmtpOptions>(LmtpOptions{.hostname = "mail.example.org"});
    Session session(
        context,
        {.stream = stream, .options = options, .connections = connections, .meter = meter});
    co_await session.run();
    co_await stream.close();
  }
  async::Task<Result<std::optional<store::AddressEntry>>> find(std::string name) {
    co_return co_await store_->find_address(name);
  }

  std::uint32_t count() { return ada_->published()->find("INBOX")->head.messages; }

  auth::SessionLimits limits_{{}};
  service::TestForwarder forwarder_{*store_};
  store::AccountPtr ada_;
};

async::Task<void> start_client_tls(net::Stream& stream) {
  const auto status = co_await net::start_tls_client(stream, test_tls().client, "localhost", kSoon);
  EXPECT_TRUE(status) << status.error().text << ": " << status.error().cause;
}

constexpr std::string_view kMail = "MAIL FROM:<bob@example.com>\r\nRCPT TO:<ada@example.org>\r\n";

async::Task<void> deliver_under_tls(Pair& pair) {
  Client clear(*pair.client);
  EXPECT_EQ((co_await clear.reply()).code, 220);
  co_await clear.say("LHLO client.example\r\n");
  EXPECT_THAT((co_await clear.reply()).lines, Contains("STARTTLS"));
  EXPECT_EQ(co_await clear.ask("STARTTLS\r\n"), 220);
  co_await start_client_tls(*pair.client);
  Client client(*pair.client);
  co_await client.say("LHLO client.example\r\n");
  EXPECT_THAT((co_await client.reply()).lines, Not(Contains("STARTTLS")));
  EXPECT_EQ(co_await client.ask("STARTTLS\r\n"), 502) << "a second time";
  co_await client.say(std::string(kMail) + "DATA\r\n");
  EXPECT_EQ((co_await client.reply()).code, 250);
  EXPECT_EQ((co_await client.reply()).code, 250);
  EXPECT_EQ((co_await client.reply()).code, 354);
  EXPECT_EQ(co_await client.ask("Subject: hi\r\n\r\nhello\r\n.\r\n"), 250);
  EXPECT_EQ(co_await client.ask("QUIT\r\n"), 221);
}

TEST_F(LmtpStartTlsTest, DeliversUnderTls) {
  play(deliver_under_tls);
  EXPECT_EQ(count(), 1U);
}

// RFC 3207 §4.2: everything said before the handshake is discarded.
async::Task<void> forget(Pair& pair) {
  Client clear(*pair.client);
  EXPECT_EQ((co_await clear.reply()).code, 220);
  EXPECT_EQ(co_await clear.ask("LHLO evil.example\r\n"), 250);
  co_await clear.say(kMail);
  EXPECT_EQ((co_await clear.reply()).code, 250);
  EXPECT_EQ((co_await clear.reply()).code, 250);
  EXPECT_EQ(co_await clear.ask("STARTTLS\r\n"), 220);
  co_await start_client_tls(*pair.client);
  Client client(*pair.client);
  EXPECT_EQ(co_await client.ask("DATA\r\n"), 503);
  EXPECT_EQ(co_await client.ask("MAIL FROM:<>\r\n"), 503) << "LHLO has to be said again";
  EXPECT_EQ(co_await client.ask("LHLO client.example\r\n"), 250);
  EXPECT_EQ(co_await client.ask("DATA\r\n"), 503) << "the sender is forgotten too";
}

TEST_F(LmtpStartTlsTest, ForgetsWhatWasSaidInClear) {
  play(forget);
  EXPECT_EQ(count(), 0U);
}

constexpr std::string_view kInjected =
    "LHLO evil\r\nMAIL FROM:<evil@example.com>\r\nRCPT TO:<ada@example.org>\r\nDATA\r\n"
    "Subject: injected\r\n\r\n.\r\n";

// CVE-2011-0411: octets that arrive with STARTTLS must not be taken as sent under TLS.
async::Task<void> inject_at_once(Pair& pair) {
  Client client(*pair.client);
  EXPECT_EQ((co_await client.reply()).code, 220);
  EXPECT_EQ(co_await client.ask("LHLO client.example\r\n"), 250);
  co_await client.say("STARTTLS\r\n" + std::string(kInjected));
  EXPECT_EQ((co_await client.reply()).code, 503) << "no handshake is begun";
  EXPECT_EQ((co_await client.reply()).code, 0) << "and nothing of it is obeyed";
}

TEST_F(LmtpStartTlsTest, RefusesWhatFollowsInTheSamePacket) {
  play(inject_at_once);
  EXPECT_EQ(count(), 0U);
}

async::Task<void> inject_later(Pair& pair) {
  Client client(*pair.client);
  EXPECT_EQ((co_await client.reply()).code, 220);
  EXPECT_EQ(co_await client.ask("STARTTLS\r\n"), 220);
  co_await client.say(kInjected);
  EXPECT_EQ((co_await client.reply()).code, 0) << "what is no handshake ends the connection";
}

TEST_F(LmtpStartTlsTest, RefusesClearTextInPlaceOfAHandshake) {
  play(inject_later);
  EXPECT_EQ(count(), 0U);
}

}  // namespace
}  // namespace posthorn::server::lmtp
