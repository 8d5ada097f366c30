#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "auth/throttle.h"
#include "server/frame/test_scripted_stream.h"
#include "server/submission/session.h"
#include "store/low_space.h"
#include "store/read/email_reader.h"
#include "store/store_fixture.h"
#include "text/base64.h"

namespace posthorn::server::submission {
namespace {

using frame::ScriptedStream;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

/// Ada and Bea log in with "secret".
class Names final : public auth::Directory {
 public:
  explicit Names(store::Store& store) : store_(store) {}
  async::Task<Result<std::optional<auth::LoginRecord>>> find(std::string login) override {
    auto entry = co_await store_.find_address(login);
    if (!entry || !*entry) co_return std::nullopt;
    auth::LoginRecord record;
    record.account = (*entry)->account;
    record.name = login;
    record.keys = keys_;
    auto profile = co_await store_.profile(record.account);
    if (profile) record.version = profile->version;
    co_return record;
  }

 private:
  store::Store& store_;
  const auth::ScramKeys keys_ = auth::make_keys("secret", auth::kMinIterations);
};

class SubmissionTest : public store::StoreFixture {
 protected:
  SubmissionTest() : ada_(make_account("ada@example.org")), bea_(make_account("bea@example.org")) {
    EXPECT_TRUE(run(store_->add_alias("team@example.org", ada_->id())));
    options_.hostname = "mail.example.org";
    options_.plaintext = auth::PlaintextLogin::always;
  }
  ~SubmissionTest() override {
    ada_.reset();
    bea_.reset();
  }

  /// Returns everything the server sends to a client that sends `script`.
  std::string play(const std::string& script, std::size_t step = 100'000) {
    Names names(*store_);
    auth::Throttle throttle({}, clock_);
    auth::HashQueue hashing(*offload_, {});
    auth::Authenticator authenticator(names, throttle, hashing, clock_, {});
    auth::SessionLimits limits({});
    const SubmissionContext context{*store_,
                                    authenticator,
                                    limits,
                                    [this](std::string name) { return find(std::move(name)); },
                                    [](std::string domain) { return is_ours(std::move(domain)); },
                                    [this] { return can_relay_; },
                                    {}};
    const frame::Connections connections;
    frame::CommandMeter meter(wire::smtp::command_names());
    ScriptedStream stream(script, step);
    Session session(context, {.stream = stream,
                              .options = std::make_shared<const SubmissionOptions>(options_),
                              .connections = connections,
                              .meter = meter});
    run(session.run());
    return stream.output();
  }

  async::Task<Result<std::optional<store::AddressEntry>>> find(std::string name) {
    co_return co_await store_->find_address(name);
  }
  static async::Task<Result<bool>> is_ours(std::string domain) {
    co_return domain == "example.org";
  }

  static std::uint32_t count(const store::AccountPtr& account, std::string_view mailbox) {
    const store::MailboxPtr found = account->published()->find(mailbox);
    return found ? found->head.messages : 0;
  }
  [[nodiscard]] std::vector<store::OutboxEntryPtr> queued() const {
    std::vector<store::OutboxEntryPtr> all;
    for (const auto& [id, entry] : *ada_->published()->outbox) all.push_back(entry);
    return all;
  }
  std::string header_of(Ordinal ordinal) {
    store::EmailReader reader(ada_);
    run(reader.load({&ordinal, 1}, bit(store::Column::header)));
    return std::string(*reader.get(ordinal, store::Column::header));
  }
  void expect_clean() {
    auto report = run(store_->check(true));
    ASSERT_TRUE(report);
    for (const std::string& finding : report->findings) ADD_FAILURE() << finding;
  }

  SubmissionOptions options_;
  bool can_relay_ = true;
  store::AccountPtr ada_;
  store::AccountPtr bea_;
};

std::string plain(const std::string& user, const std::string& password) {
  using namespace std::string_literals;
  return "AUTH PLAIN " + text::base64_encode("\0"s + user + "\0"s + password) + "\r\n";
}

std::string login() { return "EHLO client.example\r\n" + plain("ada@example.org", "secret"); }

std::string envelope(const std::string& to = "bea@example.org",
                     const std::string& parameters = "") {
  return login() + "MAIL FROM:<ada@example.org>" + parameters + "\r\nRCPT TO:<" + to + ">\r\n";
}

const std::string kMessage =
    "From: Ada <ada@example.org>\r\nTo: bea@example.org\r\nBcc: cat@example.net\r\n"
    "Date: Mon, 23 Nov 2026 10:00:00 +0000\r\nMessage-ID: <1@example.org>\r\n"
    "Subject: hi\r\n\r\n..dot\r\nend\r\n";

std::string data(const std::string& message) { return "DATA\r\n" + message + ".\r\nQUIT\r\n"; }

TEST_F(SubmissionTest, FilesAndQueuesHoweverTheOctetsCome) {
  std::uint32_t taken = 0;
  for (const std::size_t step : {1UL, 7UL, 100'000UL}) {
    const std::string said = play(envelope() + data(kMessage), step);
    EXPECT_THAT(said, HasSubstr("\r\n235 2.7.0 "));
    EXPECT_THAT(said, HasSubstr("\r\n354 "));
    EXPECT_THAT(said, HasSubstr("\r\n250 2.0.0 Queued as "));
    EXPECT_EQ(count(ada_, "Sent"), ++taken);
    EXPECT_EQ(queued().size(), taken);
  }
  const store::OutboxEntry& entry = *queued().front();
  EXPECT_EQ(entry.return_path, "ada@example.org");
  EXPECT_EQ(entry.recipients.size(), 1U);
  EXPECT_EQ(entry.recipients.front().address, "bea@example.org");
  EXPECT_THAT(header_of(entry.email), HasSubstr("Bcc: cat@example.net\r\n"));
  EXPECT_THAT(header_of(entry.email), Not(HasSubstr("Received")));
  EXPECT_THAT(entry.trace, StartsWith("Received: from authenticated-client\r\n"
                                      "\tby mail.example.org with ESMTPA id "));
  EXPECT_THAT(entry.trace, Not(HasSubstr("192.0.2.7")));
  EXPECT_THAT(entry.trace, Not(HasSubstr("client.example")));
  EXPECT_EQ(ada_->published()->find("Sent")->head.unseen, 0U);
  expect_clean();
}

TEST_F(SubmissionTest, SaysWhatItOffers) {
  const std::string said = play("EHLO x\r\nQUIT\r\n");
  EXPECT_THAT(said, StartsWith("220 mail.example.org ESMTP"));
  for (const char* name :
       {"PIPELINING", "SIZE 100000000", "AUTH ", "8BITMIME", "BINARYMIME", "CHUNKING", "SMTPUTF8",
        "ENHANCEDSTATUSCODES", "DSN", "LIMITS RCPTMAX=1000", "FUTURERELEASE 2592000 2026-10-21T"})
    EXPECT_THAT(said, HasSubstr(name));
  EXPECT_THAT(said, Not(HasSubstr("STARTTLS")));
  EXPECT_THAT(play("HELO x\r\nQUIT\r\n"), Not(HasSubstr("PIPELINING")));
  EXPECT_THAT(play("LHLO x\r\nQUIT\r\n"), HasSubstr("\r\n500 "));
  EXPECT_THAT(play("VRFY ada\r\nHELP\r\nNOOP\r\nQUIT\r\n"),
              HasSubstr("252 2.0.0 Users are not verified; send RCPT instead\r\n214 2.0.0"));
}

TEST_F(SubmissionTest, NothingGoesWithoutALogin) {
  EXPECT_THAT(play("EHLO x\r\nMAIL FROM:<ada@example.org>\r\nQUIT\r\n"),
              HasSubstr("\r\n530 5.7.0 Log in first"));
  options_.plaintext = auth::PlaintextLogin::tls_only;
  const std::string said = play(login() + "MAIL FROM:<ada@example.org>\r\nQUIT\r\n");
  EXPECT_THAT(said, HasSubstr("\r\n530 5.7.0 Send STARTTLS first\r\n530 5.7.0 Send STARTTLS and"));
  EXPECT_THAT(said, Not(HasSubstr("AUTH PLAIN")));
}

TEST_F(SubmissionTest, LogsInByEveryRule) {
  EXPECT_THAT(play("EHLO x\r\n" + plain("ada@example.org", "wrong") + "QUIT\r\n"),
              HasSubstr("\r\n535 5.7.8 "));
  EXPECT_THAT(play("EHLO x\r\n" + plain("eve@example.org", "secret") + "QUIT\r\n"),
              HasSubstr("\r\n535 5.7.8 "));
  EXPECT_THAT(play("EHLO x\r\nAUTH LOGIN\r\n" + text::base64_encode("ada@example.org") + "\r\n" +
                   text::base64_encode("secret") + "\r\nQUIT\r\n"),
              HasSubstr("\r\n235 2.7.0 "));
  EXPECT_THAT(play("EHLO x\r\nAUTH PLAIN\r\n*\r\nNOOP\r\nQUIT\r\n"),
              HasSubstr("\r\n334 \r\n501 5.7.0 The authentication was cancelled\r\n250 2.0.0 OK"));
  EXPECT_THAT(play("EHLO x\r\nAUTH PLAIN !!!\r\nQUIT\r\n"), HasSubstr("\r\n501 5.5.2 "));
  EXPECT_THAT(play("EHLO x\r\nAUTH NONE\r\nQUIT\r\n"), HasSubstr("\r\n504 5.5.4 "));
  EXPECT_THAT(play(plain("ada@example.org", "secret") + "QUIT\r\n"), HasSubstr("\r\n503 5.5.1 "));
  EXPECT_THAT(play(login() + plain("ada@example.org", "secret") + "QUIT\r\n"),
              HasSubstr("235 2.7.0 Logged in\r\n503 5.5.1 Already logged in"));
  EXPECT_THAT(play("EHLO x\r\nAUTH PLAIN " + std::string(13'000, 'A') + "\r\nNOOP\r\nQUIT\r\n"),
              HasSubstr("\r\n500 5.5.2 The line is too long\r\n250 2.0.0"));
}

TEST_F(SubmissionTest, TheSenderMustBeTheAccounts) {
  const auto mail = [&](const std::string& from) {
    return play(login() + "MAIL FROM:<" + from + ">\r\nQUIT\r\n");
  };
  EXPECT_THAT(mail("ada@example.org"), HasSubstr("250 2.1.0"));
  EXPECT_THAT(mail("Ada@Example.org"), HasSubstr("250 2.1.0"));
  EXPECT_THAT(mail("team+x@example.org"), HasSubstr("250 2.1.0"));
  EXPECT_THAT(mail(""), HasSubstr("250 2.1.0"));
  EXPECT_THAT(mail("bea@example.org"), HasSubstr("550 5.7.1 <bea@example.org>"));
  EXPECT_THAT(mail("ada@example.net"), HasSubstr("550 5.7.1 "));
  ASSERT_TRUE(change(ada_, {}, [](store::Change& c) -> Status {
    c.set_sending({store::KeepSent::as_server, {"@example.net", "bea@example.org"}});
    return {};
  }));
  EXPECT_THAT(mail("bea@example.org"), HasSubstr("250 2.1.0"));
  EXPECT_THAT(mail("anyone@EXAMPLE.net"), HasSubstr("250 2.1.0"));
  EXPECT_THAT(mail("cat@example.org"), HasSubstr("550 5.7.1 "));
}

TEST_F(SubmissionTest, TheAuthorMustBeTheAccounts) {
  const auto from = [&](const std::string& fields) {
    return play(envelope() + data(fields + "Subject: x\r\n\r\ntext\r\n"));
  };
  EXPECT_THAT(from("From: Eve <eve@example.org>\r\n"), HasSubstr("550 5.7.1 You may not send"));
  EXPECT_THAT(from("From: ada@example.org\r\nFrom: eve@example.org\r\n"),
              HasSubstr("554 5.6.0 There is more than one From"));
  EXPECT_THAT(from("From: nobody\r\n"), HasSubstr("554 5.6.0 "));
  EXPECT_THAT(from("From:\r\n"), HasSubstr("554 5.6.0 "));
  EXPECT_THAT(from("From: eve@example.org,\r\n\tada@example.org\r\n"),
              HasSubstr("550 5.7.1 You may not send"));
  EXPECT_THAT(from("From: ada@example.org, Friends: eve@example.org;\r\n"),
              HasSubstr("550 5.7.1 You may not send"));
  EXPECT_THAT(from("From: ada@example.org\r\nSender: eve@example.org\r\n"),
              HasSubstr("550 5.7.1 You may not send"));
  EXPECT_THAT(from("From: ada@example.org\r\nSender: ada@example.org\r\nSender: a@example.org\r\n"),
              HasSubstr("554 5.6.0 There is more than one Sender"));
  std::string crowd = "From: ada@example.org";
  for (int i = 0; i < 50; ++i) crowd += ",\r\n ada@example.org";
  EXPECT_THAT(from(crowd + "\r\n"), HasSubstr("554 5.6.0 A message may have at most 50 authors"));
  EXPECT_TRUE(queued().empty());
  EXPECT_THAT(from("From: ada@example.org,\r\n\tteam@example.org\r\nSender: ada@example.org\r\n"),
              HasSubstr("250 2.0.0"));
  EXPECT_EQ(queued().size(), 1U);
  EXPECT_EQ(count(ada_, "Sent"), 1U);
}

TEST_F(SubmissionTest, WhatIsMissingIsAdded) {
  EXPECT_THAT(play(envelope() + data("Subject: x\r\n\r\ntext\r\n")), HasSubstr("250 2.0.0"));
  const std::string header = header_of(queued().front()->email);
  EXPECT_THAT(header, StartsWith("From: <ada@example.org>\r\nDate: Mon, 21 Sep 2026 "));
  EXPECT_THAT(header, HasSubstr("\r\nMessage-ID: <"));
  EXPECT_THAT(header, HasSubstr("@example.org>\r\nSubject: x\r\n\r\n"));
  EXPECT_THAT(play(envelope() + data("")), HasSubstr("250 2.0.0"));
  EXPECT_THAT(play(envelope() + data("\r\nonly a body\r\n")), HasSubstr("250 2.0.0"));
  expect_clean();
}

TEST_F(SubmissionTest, RecipientsAreJudgedAtOnce) {
  const auto rcpt = [&](const std::string& to) {
    return play(login() + "MAIL FROM:<ada@example.org>\r\nRCPT TO:<" + to + ">\r\nQUIT\r\n");
  };
  EXPECT_THAT(rcpt("bea@example.org"), HasSubstr("250 2.1.5"));
  EXPECT_THAT(rcpt("nobody@example.org"), HasSubstr("550 5.1.1 <nobody@example.org>"));
  EXPECT_THAT(rcpt("who@example.com"), HasSubstr("250 2.1.5"));
  EXPECT_THAT(rcpt("who@localhost"), HasSubstr("554 5.1.3 "));
  can_relay_ = false;
  EXPECT_THAT(rcpt("who@example.com"), HasSubstr("550 5.7.1 <who@example.com>"));
  ASSERT_TRUE(run(store_->set_disabled(bea_->id(), true)));
  EXPECT_THAT(rcpt("bea@example.org"), HasSubstr("550 5.2.1 "));
}

TEST_F(SubmissionTest, WhileSpaceIsShortMailIsRefusedForTheTimeBeing) {
  store::set_low_on_space(*store_, true);
  EXPECT_THAT(play(envelope() + "RCPT TO:<bea@example.org>\r\nQUIT\r\n"),
              HasSubstr("\r\n452 4.3.1 The server is short of disk space"));
  store::set_low_on_space(*store_, false);
  EXPECT_THAT(play(envelope() + "RCPT TO:<bea@example.org>\r\nQUIT\r\n"),
              HasSubstr("\r\n250 2.1.5 "));
}

TEST_F(SubmissionTest, TooManyRecipientsAreTold) {
  options_.max_recipients = 2;
  EXPECT_THAT(play(envelope() + "RCPT TO:<ada@example.org>\r\nRCPT TO:<who@example.com>\r\n" +
                   data(kMessage)),
              HasSubstr("\r\n452 4.5.3 Too many recipients\r\n354 "));
  EXPECT_EQ(queued().front()->recipients.size(), 2U);
  // The same recipient twice counts once.
  play(envelope() + "RCPT TO:<bea@example.org>\r\n" + data(kMessage));
  EXPECT_EQ(queued().back()->recipients.size(), 1U);
}

TEST_F(SubmissionTest, KeepsWhatReportsNeed) {
  play(login() +
       "MAIL FROM:<ada@example.org> RET=HDRS ENVID=a+2Bb SMTPUTF8 BODY=8BITMIME HOLDFOR=600\r\n"
       "RCPT TO:<bea@example.org> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;b+40example.org\r\n"
       "RCPT TO:<who@example.com> NOTIFY=NEVER\r\n" +
       data(kMessage));
  ASSERT_EQ(queued().size(), 1U);
  const store::OutboxEntry& entry = *queued().front();
  EXPECT_EQ(entry.ret, store::ReturnContent::headers);
  EXPECT_EQ(entry.envid, "a+b");
  EXPECT_TRUE(entry.smtputf8);
  EXPECT_EQ(entry.body, store::BodyKind::eight_bit_mime);
  EXPECT_EQ(entry.hold_until, clock_.now().seconds + 600);
  EXPECT_EQ(entry.recipients[0].next_attempt, entry.hold_until);
  EXPECT_GT(entry.expires, entry.hold_until);
  EXPECT_EQ(entry.recipients[0].notify, bit(store::Notify::success) | bit(store::Notify::delay));
  EXPECT_EQ(entry.recipients[0].orcpt, "rfc822;b@example.org");
  EXPECT_EQ(entry.recipients[1].notify, bit(store::Notify::never));
  EXPECT_THAT(entry.trace, HasSubstr(" with UTF8SMTPA "));
}

TEST_F(SubmissionTest, FutureReleaseHasBounds) {
  const auto mail = [&](const std::string& hold) {
    return play(login() + "MAIL FROM:<ada@example.org> " + hold + "\r\nQUIT\r\n");
  };
  EXPECT_THAT(mail("HOLDFOR=2592000"), HasSubstr("250 2.1.0"));
  EXPECT_THAT(mail("HOLDFOR=2592001"), HasSubstr("501 5.5.4 "));
  EXPECT_THAT(mail("HOLDUNTIL=2026-09-22T00:00:00Z"), HasSubstr("250 2.1.0"));
  EXPECT_THAT(mail("HOLDUNTIL=2027-09-22T00:00:00Z"), HasSubstr("501 5.5.4 "));
  EXPECT_THAT(mail("HOLDUNTIL=tomorrow"), HasSubstr("501 5.5.4 "));
  EXPECT_THAT(mail("HOLDFOR=5 HOLDUNTIL=2026-09-22T00:00:00Z"), HasSubstr("501 5.5.4 "));
  options_.max_hold = std::chrono::seconds(0);
  EXPECT_THAT(mail("HOLDFOR=5"), HasSubstr("555 5.5.4 "));
}

TEST_F(SubmissionTest, NothingCanBeSmuggled) {
  for (const char* smuggled :
       {"\n.\nMAIL FROM:<eve@example.org>\r\n", "\n.\r\nMAIL FROM:<eve@example.org>\r\n",
        "\r.\rMAIL FROM:<eve@example.org>\r\n", "\r\n.\nMAIL FROM:<eve@example.org>\r\n",
        "\r.\r\nMAIL FROM:<eve@example.org>\r\n"}) {
    for (const std::size_t step : {1UL, 100'000UL}) {
      const std::string said = play(envelope() + data(kMessage + "a" + smuggled + "b\r\n"), step);
      EXPECT_THAT(said, HasSubstr("\r\n554 5.6.0 Lines must end with CRLF")) << smuggled;
      EXPECT_THAT(said, Not(HasSubstr("eve"))) << smuggled;
      EXPECT_THAT(said, HasSubstr("\r\n221 ")) << smuggled;
    }
  }
  EXPECT_TRUE(queued().empty());
  EXPECT_EQ(count(ada_, "Sent"), 0U);
}

TEST_F(SubmissionTest, WhatCannotBeSentOnIsRefused) {
  const auto body = [&](const std::string& text) {
    return play(envelope() + data(kMessage + text + "\r\n"));
  };
  EXPECT_THAT(body(std::string(999, 'a')), HasSubstr("554 5.6.0 A line is longer"));
  EXPECT_THAT(body(std::string("a\0b", 3)), HasSubstr("554 5.6.0 The message contains a NUL"));
  options_.max_message_octets = 1000;
  EXPECT_THAT(body(std::string(900, 'a')), HasSubstr("552 5.3.4 "));
  EXPECT_THAT(play(login() + "MAIL FROM:<ada@example.org> SIZE=1001\r\nQUIT\r\n"),
              HasSubstr("552 5.3.4 "));
  EXPECT_TRUE(queued().empty());
}

TEST_F(SubmissionTest, TakesChunks) {
  const std::string half = kMessage.substr(0, 40);
  const std::string rest = kMessage.substr(40);
  const std::string chunks = "BDAT " + std::to_string(half.size()) + "\r\n" + half + "BDAT " +
                             std::to_string(rest.size()) + " LAST\r\n" + rest + "QUIT\r\n";
  for (const std::size_t step : {1UL, 100'000UL})
    EXPECT_THAT(play(envelope() + chunks, step), HasSubstr("250 2.0.0 40 octets received\r\n250 "));
  EXPECT_EQ(queued().size(), 2U);
  const std::string binary = kMessage + std::string("a\nb\0c\r", 6);
  const std::string script = envelope("bea@example.org", " BODY=BINARYMIME") + "BDAT " +
                             std::to_string(binary.size()) + " LAST\r\n" + binary + "QUIT\r\n";
  EXPECT_THAT(play(script), HasSubstr("250 2.0.0 Queued"));
  EXPECT_EQ(queued().back()->body, store::BodyKind::binary_mime);
  EXPECT_THAT(play(envelope("bea@example.org", " BODY=BINARYMIME") + "DATA\r\nQUIT\r\n"),
              HasSubstr("503 5.5.1 "));
  EXPECT_THAT(play("EHLO x\r\nBDAT 6 LAST\r\nNOOP\r\nNOOP\r\n"),
              testing::EndsWith("Log in first\r\n"));
  // Octets that were not requested are read and discarded, and the session stays in step.
  EXPECT_THAT(play(login() + "BDAT 6 LAST\r\nNOOP\r\nNOOP\r\nQUIT\r\n"),
              HasSubstr("503 5.5.1 Send MAIL first\r\n250 2.0.0 OK\r\n221"));
}

TEST_F(SubmissionTest, NothingIsKeptOfWhatBrokeOff) {
  play(envelope() + "DATA\r\n" + kMessage);
  play(envelope() + "DATA\r\n" + kMessage + ".\r");
  play(envelope() + "BDAT 1000 LAST\r\n" + kMessage);
  play(envelope() + "RSET\r\nDATA\r\nQUIT\r\n");
  play(envelope() + "EHLO again\r\nDATA\r\nQUIT\r\n");
  play(envelope() + "QUIT\r\nDATA\r\n" + kMessage + ".\r\n");
  EXPECT_TRUE(queued().empty());
  EXPECT_EQ(count(ada_, "Sent"), 0U);
  EXPECT_EQ(ada_->published()->counters.messages, 0U);
}

TEST_F(SubmissionTest, LimitsAreSaidClearly) {
  options_.rules.limits.messages_per_hour = 2;
  options_.rules.limits.recipients_per_day = 3;
  EXPECT_THAT(play(envelope() + data(kMessage)), HasSubstr("250 2.0.0 Queued"));
  EXPECT_THAT(
      play(envelope() + "RCPT TO:<a@example.com>\r\nRCPT TO:<b@example.com>\r\n" + data(kMessage)),
      HasSubstr("450 4.7.1 The limit of 3 recipients within one day is reached"));
  EXPECT_EQ(queued().size(), 2U);
  EXPECT_THAT(play(login() + "MAIL FROM:<ada@example.org>\r\nQUIT\r\n"),
              HasSubstr("450 4.7.1 The limit of 2 messages within one hour is reached"));
  clock_.advance(std::chrono::hours(49));
  EXPECT_THAT(play(envelope() + data(kMessage)), HasSubstr("250 2.0.0 Queued"));
  options_.rules.limits.recipients_per_hour = 1;
  EXPECT_THAT(play(envelope() + "RCPT TO:<a@example.com>\r\nQUIT\r\n"), HasSubstr("4.7.1"));
}

TEST_F(SubmissionTest, WithoutASentCopyTheMessageIsOnlyQueued) {
  options_.rules.keep_sent = false;
  EXPECT_THAT(play(envelope() + data(kMessage)), HasSubstr("250 2.0.0 Queued"));
  EXPECT_EQ(count(ada_, "Sent"), 0U);
  ASSERT_EQ(queued().size(), 1U);
  EXPECT_THAT(header_of(queued().front()->email), HasSubstr("Subject: hi"));
  expect_clean();
}

TEST_F(SubmissionTest, AFullMailboxTakesNoSentCopy) {
  ASSERT_TRUE(change(ada_, {}, [](store::Change& c) -> Status {
    c.set_quota({10, 0});
    return {};
  }));
  EXPECT_THAT(play(envelope() + data(kMessage)), HasSubstr("552 5.2.2 Your mailbox is full"));
  EXPECT_TRUE(queued().empty());
}

TEST_F(SubmissionTest, ASessionOfNonsenseEnds) {
  std::string nonsense;
  for (int i = 0; i < 50; ++i) nonsense += "BLAH\r\n";
  const std::string said = play(nonsense);
  EXPECT_THAT(said, HasSubstr("\r\n421 4.7.0 "));
  EXPECT_LT(std::ranges::count(said, '\n'), 25);
}

}  // namespace
}  // namespace posthorn::server::submission
