#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/frame/test_scripted_stream.h"
#include "server/lmtp/session.h"
#include "service/forwarding/test_forwarder.h"
#include "store/change/upload.h"
#include "store/low_space.h"
#include "store/read/email_reader.h"
#include "store/store_fixture.h"

namespace posthorn::server::lmtp {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class LmtpTest : public store::StoreFixture {
 protected:
  LmtpTest() { ada_ = make_account("ada@example.org"); }

  /// Returns everything the server sends to a client that sends `script`.
  std::string play(const std::string& script, std::size_t step = 100'000) {
    frame::ScriptedStream stream(script, step);
    serve(stream);
    return stream.output();
  }
  void serve(net::Stream& stream) {
    const LmtpContext context{*store_,
                              limits_,
                              [this](std::string name) { return find(std::move(name)); },
                              {},
                              *forwarder_};
    const frame::Connections connections;
    frame::CommandMeter meter(wire::smtp::command_names());
    Session session(context, {.stream = stream,
                              .options = std::make_shared<const LmtpOptions>(options_),
                              .connections = connections,
                              .meter = meter});
    run(session.run());
  }

  async::Task<Result<std::optional<store::AddressEntry>>> find(std::string name) {
    co_return co_await store_->find_address(name);
  }

  std::string message(const store::AccountPtr& account, std::string mailbox, std::uint32_t uid) {
    return run(read(account, std::move(mailbox), Uid(uid)));
  }

  static async::Task<std::string> read(store::AccountPtr account, std::string name, Uid uid) {
    const store::MailboxPtr head = account->published()->find(name);
    if (!head) co_return "no mailbox";
    auto mailbox = co_await account->load(head->id);
    const auto position = (*mailbox)->contents->members().position_of(uid);
    if (!position) co_return "no message";
    const Ordinal ordinal = (*mailbox)->contents->members().at(*position).ordinal;
    store::EmailReader reader(account);
    co_await reader.load({&ordinal, 1},
                         store::bit(store::Column::header) | store::bit(store::Column::body));
    std::string text(*reader.get(ordinal, store::Column::header));
    auto body = store::BodyReader::open(account, *reader.get(ordinal, store::Column::body));
    while (true) {
      auto chunk = co_await body->read(text.size() - text.find("\r\n\r\n") - 4, 1 << 20);
      if (!chunk || chunk->bytes.empty()) co_return text;
      text += chunk->bytes;
    }
  }

  std::uint32_t count(const store::AccountPtr& account, std::string_view mailbox = "INBOX") {
    const store::MailboxPtr found = account->published()->find(mailbox);
    return found ? found->head.messages : 0;
  }

  auth::SessionLimits limits_{{}};
  LmtpOptions options_ = {.hostname = "mail.example.org"};
  service::TestForwarder forwarder_{*store_};
  store::AccountPtr ada_;
};

constexpr std::string_view kEnvelope =
    "LHLO client.example\r\nMAIL FROM:<bob@example.com>\r\nRCPT TO:<ada@example.org>\r\n";

std::string with_data(std::string_view message) {
  return std::string(kEnvelope) + "DATA\r\n" + std::string(message) + "\r\n.\r\nQUIT\r\n";
}

/// A client that says the same again and again, and never waits.
class EndlessStream final : public frame::ScriptedStream {
 public:
  explicit EndlessStream(std::string words) : ScriptedStream("", 1), words_(std::move(words)) {}
  async::Task<Result<std::size_t>> read_some(std::span<char> into,
                                             std::chrono::milliseconds) override {
    const std::size_t n = std::min(into.size(), words_.size());
    std::copy_n(words_.begin(), n, into.begin());
    co_return n;
  }

 private:
  const std::string words_;
};

TEST_F(LmtpTest, ATransactionHasToEndInTime) {
  options_.transaction_time = std::chrono::milliseconds(50);
  for (const char* const words : {"NOOP\r\n", "x", "LHLO a\r\nMAIL FROM:<>\r\nRSET\r\n"}) {
    EndlessStream stream(words);
    serve(stream);
    EXPECT_THAT(stream.output(),
                testing::EndsWith("421 4.4.2 mail.example.org The transaction took too long\r\n"));
  }
}

TEST_F(LmtpTest, ConnectionsAreLimited) {
  limits_ = auth::SessionLimits({.total = 0});
  EXPECT_EQ(play("QUIT\r\n"),
            "421 4.7.0 mail.example.org Too many connections; please try again later\r\n");
}

TEST_F(LmtpTest, DeliversHoweverTheOctetsCome) {
  const std::string script = with_data("Subject: hi\r\n\r\n..dot\r\n.\n.\r\r\nend");
  std::string first;
  for (const std::size_t step : {1UL, 7UL, 100'000UL}) {
    const std::string said = play(script, step);
    if (first.empty()) first = said;
    EXPECT_EQ(said, first);
  }
  EXPECT_THAT(first, HasSubstr("\r\n354 "));
  EXPECT_THAT(first, HasSubstr("\r\n250 2.0.0 <ada@example.org> Delivered\r\n221 2.0.0"));
  EXPECT_EQ(count(ada_), 3U);
  const std::string stored = message(ada_, "INBOX", 1);
  EXPECT_THAT(stored, StartsWith("Return-Path: <bob@example.com>\r\n"
                                 "Delivered-To: ada@example.org\r\n"
                                 "Received: from client.example (192.0.2.7:2500)\r\n"
                                 "\tby mail.example.org with LMTP\r\n"
                                 "\tfor <ada@example.org>; "));
  EXPECT_THAT(stored, HasSubstr("\r\nSubject: hi\r\n\r\n.dot\r\n\n.\r\r\nend\r\n"));
}

TEST_F(LmtpTest, RefusesOtherHellos) {
  const std::string said = play("EHLO x\r\nHELO x\r\nMAIL FROM:<>\r\nLHLO x\r\nQUIT\r\n");
  EXPECT_THAT(said, HasSubstr("220 mail.example.org LMTP"));
  EXPECT_THAT(said, HasSubstr("\r\n500 "));
  EXPECT_THAT(said, HasSubstr("\r\n503 5.5.1 Send LHLO first"));
  for (const char* name :
       {"PIPELINING", "ENHANCEDSTATUSCODES", "8BITMIME", "SMTPUTF8", "CHUNKING", "SIZE 100000000"})
    EXPECT_THAT(said, HasSubstr(name));
  EXPECT_THAT(said, testing::Not(HasSubstr("STARTTLS")));
}

TEST_F(LmtpTest, AnswersForEachRecipient) {
  make_account("bea@example.org");
  const std::string said = play(
      "LHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<ada@example.org>\r\nRCPT TO:<nobody@example.org>\r\n"
      "RCPT TO:<bea@example.org>\r\nRCPT TO:<ADA@example.org>\r\nDATA\r\nS: "
      "x\r\n\r\n.\r\nQUIT\r\n");
  EXPECT_THAT(said, HasSubstr("\r\n550 5.1.1 <nobody@example.org>"));
  EXPECT_THAT(said, HasSubstr("\r\n250 2.0.0 <ada@example.org> Delivered"
                              "\r\n250 2.0.0 <bea@example.org> Delivered"
                              "\r\n250 2.0.0 <ADA@example.org> Delivered\r\n221"));
  // RFC 2033 §4.2 requires two replies; one mailbox gets one message.
  EXPECT_EQ(count(ada_), 1U);
}

TEST_F(LmtpTest, NeedsARecipientForData) {
  const std::string said =
      play("LHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<nobody@example.org>\r\nDATA\r\nNOOP\r\nQUIT\r\n");
  EXPECT_THAT(said, HasSubstr("\r\n503 5.5.1 There are no valid recipients\r\n250 2.0.0 OK"));
}

TEST_F(LmtpTest, TakesChunks) {
  const std::string said =
      play(std::string(kEnvelope) + "BDAT 6\r\nS: x\r\nBDAT 5 LAST\r\n\r\n.\r\nQUIT\r\n", 1);
  EXPECT_THAT(said,
              HasSubstr("\r\n250 2.0.0 6 octets received\r\n250 2.0.0 <ada@example.org> Del"));
  EXPECT_THAT(message(ada_, "INBOX", 1), HasSubstr("\r\nS: x\r\n\r\n.\r\n"));
}

TEST_F(LmtpTest, SaysNothingToTheLastChunkForNobody) {
  // RFC 2033 §4.3.
  const std::string said =
      play("LHLO x\r\nMAIL FROM:<>\r\nBDAT 4\r\nabcdBDAT 2 LAST\r\nefNOOP\r\nQUIT\r\n");
  EXPECT_THAT(said,
              HasSubstr("\r\n503 5.5.1 There are no valid recipients\r\n250 2.0.0 OK\r\n221"));
}

TEST_F(LmtpTest, RefusesWhatIsTooLarge) {
  options_.max_message_octets = 100;
  EXPECT_THAT(play("LHLO x\r\nMAIL FROM:<> SIZE=101\r\nQUIT\r\n"), HasSubstr("\r\n552 5.3.4 "));
  EXPECT_THAT(play(with_data("S: x\r\n\r\n" + std::string(200, 'a'))),
              HasSubstr("\r\n552 5.3.4 The message is larger than this server accepts\r\n221"));
  EXPECT_EQ(count(ada_), 0U);
}

TEST_F(LmtpTest, RefusesNul) {
  EXPECT_THAT(play(with_data(std::string("S: x\r\n\r\na\0b", 11))), HasSubstr("\r\n554 5.6.0 "));
  EXPECT_EQ(count(ada_), 0U);
}

TEST_F(LmtpTest, TellsAFullMailboxAtOnceAndAtTheEnd) {
  ASSERT_TRUE(
      run(ada_->change(store::Actor::administrator(), {}, [](store::Change& change) -> Status {
        change.set_quota({.max_bytes = 400, .max_messages = 0});
        return {};
      })));
  EXPECT_THAT(play("LHLO x\r\nMAIL FROM:<> SIZE=500\r\nRCPT TO:<ada@example.org>\r\nQUIT\r\n"),
              HasSubstr("\r\n552 5.2.2 "));
  EXPECT_THAT(play(with_data("S: x\r\n\r\n" + std::string(500, 'a'))),
              HasSubstr("\r\n552 5.2.2 The mailbox is full\r\n221"));
}

TEST_F(LmtpTest, RefusesDisabledAccounts) {
  ASSERT_TRUE(run(store_->set_disabled(ada_->id(), true)));
  EXPECT_THAT(play(std::string(kEnvelope) + "QUIT\r\n"), HasSubstr("\r\n550 5.2.1 "));
}

TEST_F(LmtpTest, DeliversToTheFolderOfTheDetail) {
  ASSERT_TRUE(
      run(ada_->change(store::Actor::administrator(), {}, [](store::Change& change) -> Status {
        auto made = change.create_mailbox({.name = "Lists/Cpp"});
        return made ? Status() : pass(made);
      })));
  for (const char* detail : {"lists/cpp", "Lists/Cpp", "nothing"})
    play(
        fmt::format("LHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<ada+{}@example.org>\r\nDATA\r\nS: x\r\n"
                    "\r\n.\r\nQUIT\r\n",
                    detail));
  EXPECT_EQ(count(ada_, "Lists/Cpp"), 2U);
  EXPECT_EQ(count(ada_, "INBOX"), 1U);
}

TEST_F(LmtpTest, FollowsAliases) {
  ASSERT_TRUE(run(store_->add_alias("postmaster@example.org", ada_->id())));
  EXPECT_THAT(play("LHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<postmaster@example.org>\r\nDATA\r\n"
                   "S: x\r\n\r\n.\r\nQUIT\r\n"),
              HasSubstr("\r\n250 2.0.0 <postmaster@example.org> Delivered"));
  EXPECT_EQ(count(ada_), 1U);
}

TEST_F(LmtpTest, WhileSpaceIsShortMailIsRefusedForTheTimeBeing) {
  store::set_low_on_space(*store_, true);
  EXPECT_THAT(play("LHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<ada@example.org>\r\nQUIT\r\n"),
              HasSubstr("\r\n452 4.3.1 The server is short of disk space and takes no new mail for "
                        "now\r\n503 5.5.1 "));
  store::set_low_on_space(*store_, false);
  EXPECT_THAT(play("LHLO x\r\nMAIL FROM:<>\r\nQUIT\r\n"), HasSubstr("\r\n250 2.1.0 "));
}

TEST_F(LmtpTest, BoundsRecipientsAndNonsense) {
  options_.max_recipients = 1;
  EXPECT_THAT(play(std::string(kEnvelope) + "RCPT TO:<ada@example.org>\r\nQUIT\r\n"),
              HasSubstr("\r\n452 4.5.3 "));
  std::string nonsense;
  for (int i = 0; i < 50; ++i) nonsense += "BLAH\r\n";
  const std::string said = play(nonsense);
  EXPECT_THAT(said, HasSubstr("\r\n421 4.7.0 "));
  EXPECT_LT(std::ranges::count(said, '\n'), 25);
  EXPECT_THAT(play("LHLO " + std::string(10'000, 'a') + "\r\nNOOP\r\nQUIT\r\n"),
              HasSubstr("\r\n500 5.5.2 The line is too long\r\n250 2.0.0"));
}

TEST_F(LmtpTest, ForgetsATransactionThatBrokeOff) {
  EXPECT_THAT(play(std::string(kEnvelope) + "DATA\r\nS: x\r\n\r\nhalf"),
              testing::Not(HasSubstr("Delivered")));
  EXPECT_THAT(play(std::string(kEnvelope) + "RSET\r\nDATA\r\nQUIT\r\n"),
              HasSubstr("\r\n250 2.0.0 Transaction reset\r\n503 5.5.1 Send MAIL first"));
  EXPECT_EQ(count(ada_), 0U);
}

}  // namespace
}  // namespace posthorn::server::lmtp
