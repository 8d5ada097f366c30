#include "client/smtp_client.h"

#include <gtest/gtest.h>

#include "async/run.h"
#include "client/test_stream.h"

namespace posthorn::client {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using Entries = std::vector<ScriptedStream::Entry>;
using Fate = SmtpOutcome::Fate;
using wire::smtp::EnhancedStatus;

/// A message in memory, in blocks; optionally fails after the last one.
class Blocks final : public SmtpSource {
 public:
  explicit Blocks(std::vector<std::string> blocks, bool broken = false)
      : blocks_(std::move(blocks)), broken_(broken) {}
  async::Task<Result<std::string_view>> next() override {
    if (at_ < blocks_.size()) co_return std::string_view(blocks_[at_++]);
    if (broken_) co_return fail(ErrorKind::corrupt, "a record is damaged");
    co_return std::string_view();
  }
  [[nodiscard]] bool was_read() const { return at_ > 0; }

 private:
  std::vector<std::string> blocks_;
  bool broken_;
  std::size_t at_ = 0;
};

wire::smtp::Address address(std::string_view text) {
  return wire::smtp::parse_address(text, wire::smtp::BareNames::any).value();
}

SmtpEnvelope envelope(const std::vector<std::string>& recipients) {
  SmtpEnvelope out;
  out.mail.from = address("ann@example.org");
  for (const std::string& to : recipients) out.recipients.push_back({.to = address(to)});
  return out;
}

std::string said(const SmtpOutcome& outcome) { return wire::smtp::one_line(outcome.reply); }

constexpr auto kHello = "220 relay ready\r\n";
/// The EHLO reply of a server with all extensions.
constexpr auto kAll =
    "250-relay\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-SIZE 1000\r\n"
    "250-CHUNKING\r\n250-BINARYMIME\r\n250 DSN\r\n";
constexpr auto kNothing = "250 relay\r\n";

class SmtpClientTest : public ::testing::TestWithParam<std::size_t> {
 protected:
  /// Runs after greeting and EHLO, with which the script begins.
  Status open(Entries script, SmtpEndpoint endpoint = {.security = SmtpSecurity::none}) {
    endpoint.hello_name = "posthorn.example.org";
    client_ = std::make_unique<SmtpClient>(
        std::make_unique<ScriptedStream>(std::move(script), record_, GetParam()), times_);
    return async::run_blocking(
        client_->open(std::make_shared<const SmtpEndpoint>(std::move(endpoint))));
  }
  std::vector<SmtpOutcome> send(const SmtpEnvelope& envelope, SmtpContent content = {.octets = 9},
                                std::vector<std::string> blocks = {"Subject: x\r\n\r\n.y\r\n"}) {
    Blocks source(std::move(blocks));
    auto outcomes = async::run_blocking(client_->send(envelope, content, source));
    source_was_read_ = source.was_read();
    return outcomes;
  }
  /// Returns everything written after EHLO.
  [[nodiscard]] std::string transaction() const {
    const std::string start = "EHLO posthorn.example.org\r\n";
    return record_.written.substr(record_.written.find(start) + start.size());
  }

  SmtpTimes times_{};
  ScriptedStream::Record record_;
  std::unique_ptr<SmtpClient> client_;
  bool source_was_read_ = false;
};

// A successful transaction.

TEST_P(SmtpClientTest, SendsInGroupsWherePipeliningIsOffered) {
  ASSERT_TRUE(open({kHello, kAll, "250 ok\r\n250 ok\r\n", "250 2.1.5 ok\r\n", "354 go\r\n",
                    "250 2.0.0 queued as 1\r\n"}));
  const auto outcomes = send(envelope({"bob@example.com", "\"c d\"@example.com"}));
  EXPECT_EQ(transaction(),
            "MAIL FROM:<ann@example.org> SIZE=9\r\nRCPT TO:<bob@example.com>\r\n"
            "RCPT TO:<\"c d\"@example.com>\r\nDATA\r\nSubject: x\r\n\r\n..y\r\n.\r\n");
  ASSERT_EQ(outcomes.size(), 2U);
  for (const SmtpOutcome& outcome : outcomes) {
    EXPECT_EQ(outcome.fate, Fate::accepted);
    EXPECT_EQ(said(outcome), "250 2.0.0 queued as 1");
    EXPECT_TRUE(outcome.by_server);
    EXPECT_TRUE(outcome.dsn_passed);
    EXPECT_FALSE(outcome.uncertain);
  }
  EXPECT_TRUE(client_->is_usable());
  // The whole envelope was sent before its first reply was read.
  EXPECT_NE(record_.written_at_read[2].find("c d"), std::string::npos);
  EXPECT_EQ(record_.written_at_read[2].find("DATA"), std::string::npos);
}

TEST_P(SmtpClientTest, WaitsForEachReplyWithoutPipelining) {
  ASSERT_TRUE(open({kHello, kNothing, "250 ok\r\n", "250 ok\r\n", "251 ok\r\n", "354 go\r\n",
                    "250 queued\r\n"}));
  const auto outcomes = send(envelope({"a@x", "b@x"}));
  EXPECT_EQ(said(outcomes[1]), "250 2.0.0 queued");
  EXPECT_FALSE(outcomes[0].dsn_passed);
  EXPECT_TRUE(record_.written_at_read[2].ends_with("MAIL FROM:<ann@example.org>\r\n"));
  EXPECT_TRUE(record_.written_at_read[3].ends_with("RCPT TO:<a@x>\r\n"));
  EXPECT_TRUE(record_.written_at_read[4].ends_with("RCPT TO:<b@x>\r\n"));
}

TEST_P(SmtpClientTest, ManyRecipientsGoInSeveralGroups) {
  std::vector<std::string> names;
  std::string first;
  std::string second;
  for (int i = 0; i < 120; ++i) names.push_back(fmt::format("u{}@x", i));
  for (int i = 0; i < 50; ++i) first += "250 ok\r\n";
  for (int i = 0; i < 71; ++i) second += "250 ok\r\n";
  ASSERT_TRUE(open({kHello, kAll, first, second, "354 go\r\n", "250 queued\r\n"}));
  EXPECT_EQ(send(envelope(names)).size(), 120U);
  EXPECT_TRUE(record_.written_at_read[2].ends_with("RCPT TO:<u48@x>\r\n"));
}

TEST_P(SmtpClientTest, PassesDsnParametersOnlyWhereTheyAreOffered) {
  SmtpEnvelope e = envelope({"a@x"});
  e.mail.parameters.ret = wire::smtp::Ret::headers;
  e.mail.parameters.envid = "id 1";
  e.mail.parameters.auth = "<>";
  e.recipients[0].notify = {.success = true, .failure = true};
  e.recipients[0].orcpt = {"rfc822", "A+b@x"};
  ASSERT_TRUE(open({kHello, kAll, "250 ok\r\n250 ok\r\n354 go\r\n250 ok\r\n"}));
  EXPECT_TRUE(send(e)[0].dsn_passed);
  EXPECT_TRUE(
      transaction().starts_with("MAIL FROM:<ann@example.org> SIZE=9 RET=HDRS ENVID=id+201\r\n"
                                "RCPT TO:<a@x> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;A+2Bb@x\r\n"));
  record_ = {};
  ASSERT_TRUE(open({kHello, kNothing, "250 ok\r\n250 ok\r\n354 go\r\n250 ok\r\n"}));
  EXPECT_FALSE(send(e)[0].dsn_passed);
  EXPECT_TRUE(transaction().starts_with("MAIL FROM:<ann@example.org>\r\nRCPT TO:<a@x>\r\n"));
}

TEST_P(SmtpClientTest, SaysWhatTheContentIs) {
  SmtpEnvelope e = envelope({"a@x"});
  e.mail.parameters.body =
      wire::smtp::Body::binary_mime;  // As declared; the content is what counts.
  const std::string answers = "250 ok\r\n250 ok\r\n354 go\r\n250 ok\r\n";
  ASSERT_TRUE(open({kHello, kAll, answers}));
  send(e, {.octets = 9, .eight_bit = true});
  EXPECT_TRUE(transaction().starts_with("MAIL FROM:<ann@example.org> SIZE=9 BODY=8BITMIME\r\n"));
  record_ = {};
  ASSERT_TRUE(open({kHello, kAll, answers}));
  send(e);
  EXPECT_TRUE(transaction().starts_with("MAIL FROM:<ann@example.org> SIZE=9\r\n"));
  record_ = {};
  e.mail.parameters.smtputf8 = true;
  ASSERT_TRUE(open({kHello, kAll, answers}));
  send(e);
  EXPECT_TRUE(transaction().starts_with("MAIL FROM:<ann@example.org> SIZE=9 SMTPUTF8\r\n"));
}

TEST_P(SmtpClientTest, BinaryGoesInChunks) {
  ASSERT_TRUE(open({kHello, kAll, "250 ok\r\n250 ok\r\n", "250 3 octets\r\n", "250 2 octets\r\n",
                    "250 done\r\n"}));
  const auto outcomes =
      send(envelope({"a@x"}), {.octets = 5, .eight_bit = true, .binary = true}, {"a\n\0"s, "\r."});
  EXPECT_EQ(said(outcomes[0]), "250 2.0.0 done");
  EXPECT_EQ(transaction(),
            "MAIL FROM:<ann@example.org> SIZE=5 BODY=BINARYMIME\r\nRCPT TO:<a@x>\r\n"
            "BDAT 3\r\na\n\0BDAT 2\r\n\r.BDAT 0 LAST\r\n"s);
}

TEST_P(SmtpClientTest, SendsSeveralMessagesOverOneConnection) {
  const std::string good = "250 ok\r\n250 ok\r\n354 go\r\n250 ok\r\n";
  ASSERT_TRUE(open({kHello, kAll, good, "250 reset\r\n", good, "221 bye\r\n"}));
  EXPECT_EQ(send(envelope({"a@x"}))[0].fate, Fate::accepted);
  EXPECT_TRUE(async::run_blocking(client_->is_alive()));
  EXPECT_EQ(send(envelope({"b@x"}))[0].fate, Fate::accepted);
  async::run_blocking(client_->quit());
  EXPECT_TRUE(record_.written.ends_with("QUIT\r\n"));
  EXPECT_TRUE(record_.closed);
  EXPECT_FALSE(client_->is_usable());
}

// Extensions that the server does not offer.

TEST_P(SmtpClientTest, UsesNothingThatIsNotOffered) {
  struct Case {
    SmtpContent content;
    std::string from = "ann@example.org";
    std::string status;
  };
  for (const Case& c : std::vector<Case>{{{.octets = 9, .eight_bit = true}, "a@x", "554 5.6.3"},
                                         {{.octets = 9, .binary = true}, "a@x", "554 5.6.3"},
                                         {{.octets = 9, .utf8_header = true}, "a@x", "554 5.6.9"},
                                         {{.octets = 9}, "\xc3\xa4@x", "554 5.6.7"}}) {
    record_ = {};
    ASSERT_TRUE(open({kHello, kNothing}));
    SmtpEnvelope e = envelope({"b@x"});
    e.mail.from = address(c.from);
    const auto outcomes = send(e, c.content);
    EXPECT_EQ(outcomes[0].fate, Fate::refused);
    EXPECT_TRUE(said(outcomes[0]).starts_with(c.status)) << said(outcomes[0]);
    EXPECT_FALSE(outcomes[0].by_server);
    EXPECT_EQ(transaction(), "");
    EXPECT_TRUE(client_->is_usable());
  }
}

TEST_P(SmtpClientTest, AMessageAboveTheServersSizeIsNotTried) {
  ASSERT_TRUE(open({kHello, kAll}));
  EXPECT_TRUE(said(send(envelope({"b@x"}), {.octets = 1001})[0]).starts_with("554 5.3.4"));
  EXPECT_EQ(transaction(), "");
}

TEST_P(SmtpClientTest, OnlyRecipientsInUtf8FailWithoutSmtputf8) {
  ASSERT_TRUE(open({kHello, kNothing, "250 ok\r\n250 ok\r\n354 go\r\n250 done\r\n"}));
  const auto outcomes = send(envelope({"\xc3\xa4@x", "b@x"}));
  EXPECT_EQ(said(outcomes[0]), "553 5.6.7 The relay accepts ASCII addresses only");
  EXPECT_EQ(outcomes[0].fate, Fate::refused);
  EXPECT_EQ(outcomes[1].fate, Fate::accepted);
  EXPECT_EQ(transaction().find('\xc3'), std::string::npos);
}

// Refusals at each step.

TEST_P(SmtpClientTest, RefusalsAtMail) {
  for (const auto& [reply, fate] : std::vector<std::pair<std::string, Fate>>{
           {"450 4.1.8 not now", Fate::retry}, {"550 5.7.1 never", Fate::refused}}) {
    record_ = {};
    ASSERT_TRUE(open({kHello, kAll, reply + "\r\n503 5.5.1 what?\r\n503 5.5.1 what?\r\n"}));
    const auto outcomes = send(envelope({"a@x", "b@x"}));
    for (const SmtpOutcome& outcome : outcomes) {
      EXPECT_EQ(outcome.fate, fate);
      EXPECT_EQ(said(outcome), reply);
    }
    EXPECT_FALSE(source_was_read_);
    EXPECT_TRUE(client_->is_usable());
    EXPECT_EQ(transaction().find("RSET"), std::string::npos);
  }
}

TEST_P(SmtpClientTest, RefusalsAtRcptAreEachRecipientsOwn) {
  ASSERT_TRUE(open({kHello, kAll,
                    "250 ok\r\n550 5.1.1 nobody\r\n250 ok\r\n452-4.5.3 too\r\n452 4.5.3 many\r\n"
                    "552 too many\r\n552 5.2.2 full\r\n354 go\r\n250 2.0.0 done\r\n"}));
  const auto outcomes = send(envelope({"a@x", "b@x", "c@x", "d@x", "e@x"}));
  EXPECT_EQ(said(outcomes[0]), "550 5.1.1 nobody");
  EXPECT_EQ(outcomes[0].fate, Fate::refused);
  EXPECT_EQ(outcomes[1].fate, Fate::accepted);
  EXPECT_EQ(said(outcomes[2]), "452 4.5.3 too many");
  EXPECT_EQ(outcomes[2].fate, Fate::retry);
  EXPECT_EQ(outcomes[3].fate, Fate::retry);  // RFC 5321 §4.5.3.1.10
  EXPECT_EQ(outcomes[4].fate, Fate::refused);
}

TEST_P(SmtpClientTest, WithoutARecipientThereIsNoData) {
  ASSERT_TRUE(open({kHello, kAll, "250 ok\r\n550 5.1.1 no\r\n", "250 reset\r\n"}));
  EXPECT_EQ(send(envelope({"a@x"}))[0].fate, Fate::refused);
  EXPECT_TRUE(record_.written.ends_with("RCPT TO:<a@x>\r\nRSET\r\n"));
  EXPECT_FALSE(source_was_read_);
  EXPECT_TRUE(client_->is_usable());
}

TEST_P(SmtpClientTest, RefusalsAtData) {
  ASSERT_TRUE(open({kHello, kAll, "250 ok\r\n250 ok\r\n451 4.3.1 disk full\r\n", "250 reset\r\n"}));
  const auto outcomes = send(envelope({"a@x"}));
  EXPECT_EQ(said(outcomes[0]), "451 4.3.1 disk full");
  EXPECT_EQ(outcomes[0].fate, Fate::retry);
  EXPECT_FALSE(source_was_read_);
  EXPECT_TRUE(client_->is_usable());
}

TEST_P(SmtpClientTest, RefusalsAtTheEnd) {
  for (const auto& [reply, fate] : std::vector<std::pair<std::string, Fate>>{
           {"451 4.7.1 greylisted", Fate::retry}, {"554 5.7.1 spam", Fate::refused}}) {
    ASSERT_TRUE(open({kHello, kAll, "250 ok\r\n250 ok\r\n354 go\r\n" + reply + "\r\n"}));
    const auto outcomes = send(envelope({"a@x"}));
    EXPECT_EQ(outcomes[0].fate, fate);
    EXPECT_EQ(said(outcomes[0]), reply);
    EXPECT_FALSE(outcomes[0].uncertain);
    EXPECT_TRUE(client_->is_usable());
  }
}

TEST_P(SmtpClientTest, ARefusedChunkEndsIt) {
  ASSERT_TRUE(
      open({kHello, kAll, "250 ok\r\n250 ok\r\n", "552 5.3.4 too big\r\n", "250 reset\r\n"}));
  const auto outcomes = send(envelope({"a@x"}), {.octets = 5, .binary = true}, {"abc", "de"});
  EXPECT_EQ(said(outcomes[0]), "552 5.3.4 too big");
  EXPECT_TRUE(transaction().ends_with("BDAT 3\r\nabcRSET\r\n"));
}

TEST_P(SmtpClientTest, TheServerShutsDownAtAnyStep) {
  const std::string bye = "421 4.3.2 shutting down\r\n";
  for (const std::string& before :
       {""s, "250 ok\r\n"s, "250 ok\r\n250 ok\r\n"s, "250 ok\r\n250 ok\r\n250 ok\r\n"s,
        "250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n"s}) {
    ASSERT_TRUE(open({kHello, kAll, before + bye}));
    for (const SmtpOutcome& outcome : send(envelope({"a@x", "b@x"}))) {
      EXPECT_EQ(outcome.fate, Fate::retry);
      EXPECT_EQ(said(outcome), "421 4.3.2 shutting down");
      EXPECT_FALSE(outcome.uncertain);
    }
    EXPECT_FALSE(client_->is_usable());
  }
}

// A server that misbehaves.

/// The number of points at which a successful transaction with one recipient is interrupted.
const std::vector<std::string> kSteps{"", "250 ok\r\n", "250 ok\r\n250 ok\r\n",
                                      "250 ok\r\n250 ok\r\n354 go\r\n"};

TEST_P(SmtpClientTest, AConnectionThatBreaksIsTriedAgain) {
  for (const std::string& step : kSteps) {
    for (const ErrorKind kind : {ErrorKind::closed, ErrorKind::timed_out, ErrorKind::io}) {
      ASSERT_TRUE(open({kHello, kAll, step + (step.empty() ? "2" : "25"), kind}));
      const auto outcomes = send(envelope({"a@x"}));
      EXPECT_EQ(outcomes[0].fate, Fate::retry);
      EXPECT_FALSE(outcomes[0].by_server);
      EXPECT_TRUE(said(outcomes[0]).starts_with("451 4.4.2 ")) << said(outcomes[0]);
      // Only what was sent completely may have been accepted.
      EXPECT_EQ(outcomes[0].uncertain, step == kSteps.back());
      EXPECT_FALSE(client_->is_usable());
    }
  }
}

TEST_P(SmtpClientTest, GarbageIsNoAnswer) {
  std::string many;
  for (int i = 0; i < 300; ++i) many += "250-more\r\n";
  for (const std::string& step : kSteps) {
    for (const std::string& bad :
         {"hello\r\n"s, "\r\n"s, "999 x\r\n"s, "25\r\n"s, "250-a\r\n550 b\r\n"s, "354 again\r\n"s,
          "\0\0\0\r\n"s, std::string(5000, '2'), many}) {
      // "354" is the reply to DATA.
      if (bad.starts_with("354") && step == kSteps[2]) continue;
      ASSERT_TRUE(open({kHello, kAll, step + bad}));
      const auto outcomes = send(envelope({"a@x"}));
      EXPECT_EQ(outcomes[0].fate, Fate::retry) << step << bad;
      EXPECT_FALSE(outcomes[0].by_server);
      EXPECT_FALSE(client_->is_usable());
    }
  }
}

TEST_P(SmtpClientTest, DataIsNotAcceptedInAdvance) {
  ASSERT_TRUE(open({kHello, kAll, "250 ok\r\n250 ok\r\n250 queued\r\n"}));
  EXPECT_EQ(send(envelope({"a@x"}))[0].fate, Fate::retry);
  EXPECT_FALSE(source_was_read_);
}

TEST_P(SmtpClientTest, WhatAServerSaysBeforeItHangsUpCounts) {
  record_.write_limit = 110;  // Within the message.
  ASSERT_TRUE(
      open({kHello, kNothing, "250 ok\r\n", "250 ok\r\n", "354 go\r\n", "552 5.3.4 too big\r\n"}));
  const auto outcomes =
      send(envelope({"a@x"}), {.octets = 200'000}, {std::string(100'000, 'x'), "more"});
  EXPECT_EQ(said(outcomes[0]), "552 5.3.4 too big");
  EXPECT_EQ(outcomes[0].fate, Fate::refused);
  EXPECT_FALSE(client_->is_usable());
}

TEST_P(SmtpClientTest, AMessageThatCannotBeReadIsNotSent) {
  for (const bool binary : {false, true}) {
    record_ = {};
    ASSERT_TRUE(open({kHello, kAll, "250 ok\r\n250 ok\r\n", binary ? "250 ok\r\n" : "354 go\r\n",
                      "250 queued\r\n"}));
    Blocks source({"Subject: x\r\n"}, true);
    const auto outcomes = async::run_blocking(
        client_->send(envelope({"a@x"}), {.octets = 99, .binary = binary}, source));
    EXPECT_EQ(outcomes[0].fate, Fate::retry);
    EXPECT_TRUE(said(outcomes[0]).starts_with("451 4.3.0"));
    EXPECT_FALSE(outcomes[0].uncertain);
    EXPECT_TRUE(record_.shut_down);
    EXPECT_EQ(record_.written.find("\r\n.\r\n"), std::string::npos);
    EXPECT_EQ(record_.written.find("LAST"), std::string::npos);
  }
}

TEST_P(SmtpClientTest, ADeadConnectionIsNoticed) {
  ASSERT_TRUE(open({kHello, kAll}));
  EXPECT_FALSE(async::run_blocking(client_->is_alive()));
  EXPECT_FALSE(client_->is_usable());
}

// Opening a connection.

TEST_P(SmtpClientTest, FallsBackToHelo) {
  ASSERT_TRUE(open({kHello, "502 what?\r\n", "250 relay PIPELINING\r\n"}));
  EXPECT_EQ(record_.written, "EHLO posthorn.example.org\r\nHELO posthorn.example.org\r\n");
  EXPECT_FALSE(client_->extensions().pipelining);
}

TEST_P(SmtpClientTest, IsTurnedAway) {
  struct Case {
    Entries script;
    ErrorKind kind;
    std::string text;
  };
  for (const Case& c : std::vector<Case>{
           {{"554 5.7.1 no service\r\n"}, ErrorKind::unavailable, "greeting: 554 5.7.1 no service"},
           {{"421 busy\r\n"}, ErrorKind::unavailable, "greeting: 421 busy"},
           {{kHello, "421 4.3.2 busy\r\n"}, ErrorKind::unavailable, "EHLO: 421 4.3.2 busy"},
           {{kHello, "500 x\r\n", "500 y\r\n"}, ErrorKind::unavailable, "EHLO: 500 y"},
           {{""}, ErrorKind::closed, "the server closed the connection"},
           {{"SSH-2.0-x\r\n"}, ErrorKind::syntax, "this is not an SMTP reply"},
           {{kHello}, ErrorKind::closed, "the server closed the connection"},
           {{kHello, ErrorKind::timed_out}, ErrorKind::timed_out, "scripted"}}) {
    const Status status = open(c.script);
    ASSERT_FALSE(status) << c.text;
    EXPECT_EQ(status.error().kind, c.kind) << c.text;
    EXPECT_EQ(status.error().text, c.text);
    EXPECT_FALSE(client_->is_usable());
  }
}

TEST_P(SmtpClientTest, TlsThatIsRequiredIsRequired) {
  const SmtpEndpoint required{.security = SmtpSecurity::starttls};
  EXPECT_EQ(open({kHello, kAll}, required).error().kind, ErrorKind::not_supported);
  EXPECT_EQ(open({kHello, "502 no\r\n", kNothing}, required).error().kind,
            ErrorKind::not_supported);
  EXPECT_EQ(open({kHello, "250-x\r\n250 STARTTLS\r\n", "454 4.7.0 no\r\n"}, required).error().text,
            "STARTTLS: 454 4.7.0 no");
  const SmtpEndpoint opportunistic{.security = SmtpSecurity::opportunistic};
  EXPECT_TRUE(open({kHello, kAll}, opportunistic));
  EXPECT_TRUE(open({kHello, "250-x\r\n250 STARTTLS\r\n", "454 4.7.0 no\r\n"}, opportunistic));
}

// RFC 3207 §4.2, and CVE-2011-0411.
TEST_P(SmtpClientTest, NothingSaidInClearCountsUnderTls) {
  if (GetParam() < 20) GTEST_SKIP() << "needs both in one packet";
  const SmtpEndpoint required{.security = SmtpSecurity::starttls};
  const Status status =
      open({kHello, "250-x\r\n250 STARTTLS\r\n", "220 go\r\n250 injected\r\n"}, required);
  EXPECT_EQ(status.error().text, "the server sent data before the TLS handshake");
}

SmtpEndpoint with_login() {
  return {.security = SmtpSecurity::none,
          .login = std::make_shared<const auth::Login>(auth::Login{"ann", auth::Secret("pw")})};
}

TEST_P(SmtpClientTest, LogsIn) {
  ASSERT_TRUE(
      open({kHello, "250-x\r\n250 AUTH PLAIN LOGIN\r\n", "235 2.7.0 welcome\r\n"}, with_login()));
  EXPECT_EQ(transaction(), "AUTH PLAIN AGFubgBwdw==\r\n");
  record_ = {};
  ASSERT_TRUE(open({kHello, "250-x\r\n250 AUTH LOGIN\r\n", "334 VXNlcm5hbWU6\r\n",
                    "334 Password:\r\n", "235 welcome\r\n"},
                   with_login()));
  EXPECT_EQ(transaction(), "AUTH LOGIN\r\nYW5u\r\ncHc=\r\n");
}

TEST_P(SmtpClientTest, LoginsFail) {
  const std::string offer = "250-x\r\n250 AUTH PLAIN LOGIN\r\n";
  EXPECT_EQ(open({kHello, offer, "535 5.7.8 no\r\n"}, with_login()).error().kind,
            ErrorKind::auth_failed);
  EXPECT_EQ(open({kHello, offer, "454 4.7.0 later\r\n"}, with_login()).error().kind,
            ErrorKind::unavailable);
  EXPECT_EQ(open({kHello, offer, "334 more\r\n"}, with_login()).error().kind, ErrorKind::syntax);
  EXPECT_EQ(open({kHello, kNothing}, with_login()).error().kind, ErrorKind::not_supported);
  // Success that a server claims before it has proved to know the password is not accepted.
  EXPECT_EQ(open({kHello, "250-x\r\n250 AUTH SCRAM-SHA-256\r\n", "235 welcome\r\n"}, with_login())
                .error()
                .kind,
            ErrorKind::auth_failed);
}

INSTANTIATE_TEST_SUITE_P(Steps, SmtpClientTest, ::testing::Values(1, 7, 1 << 20));

}  // namespace
}  // namespace posthorn::client
