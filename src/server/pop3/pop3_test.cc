#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "engine/faulty/faulty_engine.h"
#include "server/frame/test_scripted_stream.h"
#include "server/pop3/login_delay.h"
#include "server/pop3/session.h"
#include "store/format/codec.h"
#include "store/store_fixture.h"
#include "text/base64.h"

namespace posthorn::server::pop3 {
namespace {

using namespace std::string_literals;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

/// Every user has the password "secret".
class Directory final : public auth::Directory {
 public:
  async::Task<Result<std::optional<auth::LoginRecord>>> find(std::string login) override {
    const auto at = records.find(login);
    if (at == records.end()) co_return std::nullopt;
    co_return at->second;
  }
  void add(const std::string& name, const AccountId& id) {
    records[name] = {.account = id,
                     .name = name,
                     .keys = auth::make_keys("secret", 8),
                     .state = auth::AccountState::active,
                     .version = 1};
  }
  std::map<std::string, auth::LoginRecord> records;
};

class Pop3Test : public store::StoreFixture {
 protected:
  Pop3Test() {
    ada_ = make_account("ada@example.org");
    directory_.add("ada@example.org", ada_->id());
  }

  void append(const std::string& octets) {
    const store::NewEmail email = upload(ada_, octets);
    const MailboxId inbox = ada_->published()->find("INBOX")->id;
    ASSERT_TRUE(change(ada_, {}, [&](store::Change& change) -> Status {
      auto uid = change.append(inbox, email, {}, Timestamp{});
      return uid ? Status() : pass(uid);
    }));
  }

  /// Returns everything the server sends to a client that sends `script`, after the greeting.
  std::string play(const std::string& script, std::size_t step = 100'000) {
    // Destroyed in this order.
    auth::Throttle throttle{{.free_guesses = 100}, clock_};
    auth::HashQueue hashing{*offload_, {}};
    auth::Authenticator authenticator{
        directory_, throttle, hashing, clock_, {.sasl = {.decoy_key = "k", .decoy_iterations = 8}}};
    const Pop3Context context{*store_, authenticator, limits_, {}};
    const frame::Connections connections;
    frame::CommandMeter meter(wire::pop3::command_names());
    frame::ScriptedStream stream(script, step);
    Session session(context, delay_,
                    {.stream = stream,
                     .options = std::make_shared<const Pop3Options>(options_),
                     .connections = connections,
                     .meter = meter});
    run(session.run());
    const std::string greeting = "+OK mail.example.org Posthorn ready\r\n";
    EXPECT_TRUE(stream.output().starts_with(greeting)) << stream.output();
    return stream.output().substr(std::min(greeting.size(), stream.output().size()));
  }
  /// The same after a login, without the responses to that.
  std::string play_in(const std::string& script, std::size_t step = 100'000) {
    const std::string said = play(kLogin + script, step);
    const std::size_t at = said.find(" messages\r\n");
    EXPECT_NE(at, std::string::npos) << said;
    return said.substr(std::min(at + 11, said.size()));
  }
  [[nodiscard]] std::uint32_t left() const {
    return ada_->published()->find("INBOX")->head.messages;
  }

  const std::string kLogin = "USER ada@example.org\r\nPASS secret\r\n";
  store::AccountPtr ada_;
  Directory directory_;
  auth::SessionLimits limits_{{}};
  LoginDelay delay_{clock_};
  Pop3Options options_{.hostname = "mail.example.org", .plaintext = auth::PlaintextLogin::always};
};

TEST_F(Pop3Test, TheSameHoweverTheOctetsCome) {
  append("A: b\r\n\r\n.one\n..two\r\n.\r\n");
  append(message("second"));
  const std::string script = kLogin +
                             "CAPA\r\nSTAT\r\nLIST\r\nUIDL\r\nRETR 1\r\nTOP 1 1\r\nNOOP\r\n"
                             "DELE 2\r\nLIST\r\nRSET\r\nXYZ\r\nQUIT\r\n";
  const std::string first = play(script);
  EXPECT_THAT(first, HasSubstr("\r\n+OK 2 127\r\n"));
  EXPECT_THAT(first, HasSubstr("\r\n+OK 24 octets\r\nA: b\r\n\r\n..one\r\n...two\r\n..\r\n.\r\n"));
  EXPECT_THAT(first, HasSubstr("\r\nA: b\r\n\r\n..one\r\n.\r\n"));
  EXPECT_THAT(first, EndsWith("+OK Good-bye, 2 messages left\r\n"));
  for (const std::size_t step : {1UL, 7UL}) EXPECT_EQ(play(script, step), first);
}

TEST_F(Pop3Test, ALoginDoesNotCountIfTheAccountWasChangedMeanwhile) {
  // As if the password had been checked before the change, which ended the sessions there were.
  ASSERT_TRUE(run(store_->set_disabled(ada_->id(), true)));
  EXPECT_EQ(play(kLogin + "STAT\r\n"),
            "+OK Send the password with PASS\r\n-ERR [SYS/TEMP] The password or the state of this "
            "account was changed: log in again\r\n-ERR Log in first\r\n");
}

TEST_F(Pop3Test, LogsInByUserAndPass) {
  EXPECT_EQ(play("USER ada@example.org\r\nPASS secret\r\nQUIT\r\n"),
            "+OK Send the password with PASS\r\n+OK Logged in, 0 messages\r\n"
            "+OK Good-bye, 0 messages left\r\n");
  EXPECT_THAT(play("USER ada@example.org\r\nPASS wrong\r\n"), HasSubstr("-ERR [AUTH] "));
  EXPECT_THAT(play("USER nobody\r\nPASS secret\r\n"), HasSubstr("-ERR [AUTH] "));
  EXPECT_EQ(play("PASS secret\r\n"), "-ERR Send USER first\r\n");
  // PASS must follow USER directly.
  EXPECT_THAT(play("USER ada@example.org\r\nCAPA\r\nPASS secret\r\n"),
              EndsWith("-ERR Send USER first\r\n"));
  EXPECT_THAT(play_in("USER x\r\nPASS y\r\nCAPA\r\n"),
              HasSubstr("-ERR This command is not allowed after login\r\n-ERR This command is not "
                        "allowed after login\r\n+OK"));
}

TEST_F(Pop3Test, TakesNoPasswordInClear) {
  options_.plaintext = auth::PlaintextLogin::tls_only;
  const std::string refused = "-ERR Passwords are accepted only under TLS\r\n";
  EXPECT_EQ(play("USER ada@example.org\r\nPASS secret\r\nAUTH PLAIN\r\n"),
            refused + refused + refused);
  const std::string capa = play("CAPA\r\n");
  EXPECT_THAT(capa, Not(HasSubstr("USER\r\nSASL")));
  EXPECT_THAT(capa, HasSubstr("\r\nSASL SCRAM-SHA-256\r\n"));
}

TEST_F(Pop3Test, Authenticates) {
  const std::string plain = text::base64_encode("\0ada@example.org\0secret"s);
  EXPECT_EQ(play("AUTH PLAIN " + plain + "\r\n"), "+OK Logged in, 0 messages\r\n");
  EXPECT_EQ(play("AUTH PLAIN\r\n" + plain + "\r\n"), "+ \r\n+OK Logged in, 0 messages\r\n");
  EXPECT_EQ(play("AUTH PLAIN =\r\n" + plain + "\r\n").substr(0, 5), "-ERR ");  // RFC 5034 §4
  EXPECT_EQ(play("AUTH LOGIN\r\n" + text::base64_encode("ada@example.org") + "\r\n" +
                 text::base64_encode("secret") + "\r\n"),
            "+ VXNlcm5hbWU6\r\n+ UGFzc3dvcmQ6\r\n+OK Logged in, 0 messages\r\n");
  EXPECT_EQ(play("AUTH PLAIN\r\n*\r\nQUIT\r\n"),
            "+ \r\n-ERR The authentication was cancelled\r\n+OK Good-bye\r\n");
  EXPECT_EQ(play("AUTH PLAIN\r\n!\r\n"), "+ \r\n-ERR The response is not valid base64\r\n");
  EXPECT_EQ(play("AUTH PLAIN !\r\n"), "-ERR The initial response is not valid base64\r\n");
  EXPECT_EQ(play("AUTH CRAM-MD5\r\n"), "-ERR This authentication mechanism is not available\r\n");
  EXPECT_THAT(play("AUTH PLAIN " + text::base64_encode("\0ada@example.org\0wrong"s) + "\r\n"),
              testing::StartsWith("-ERR [AUTH] "));
  for (const char* ask : {"AUTH\r\n", "AUTH \r\n"})
    EXPECT_EQ(play(ask),
              "+OK Authentication mechanisms follow\r\nSCRAM-SHA-256\r\nPLAIN\r\nLOGIN\r\n.\r\n");
  EXPECT_EQ(play("APOP ada c4c9334bac560ecc979e58001b3e22fb\r\n"), "-ERR APOP is not offered\r\n");
}

TEST_F(Pop3Test, AMessageThatCannotBeReadIsRefusedAndTheNextIsGiven) {
  auto made = std::make_unique<engine::FaultyEngine>(std::move(engine_));
  engine::FaultyEngine& faulty = *made;
  engine_ = std::move(made);
  const AccountId id = ada_->id();
  ada_.reset();
  reopen();
  ada_ = open_account(id);
  std::string body;
  for (std::uint32_t i = 1; body.size() < 900'000; ++i)
    body += "line " + std::to_string(i * 2654435761U) + "\r\n";
  append("Subject: large\r\n\r\n" + body);
  const auto list =
      store::decode_body_list(upload(ada_, "Subject: large\r\n\r\n" + body).record->body);
  ASSERT_TRUE(list);
  ASSERT_GE(list->pieces.size(), 3U);
  append(message("second"));
  faulty.damage_piece(list->pieces[1].name, {ErrorKind::corrupt, "a stored record is damaged"});
  const std::string said =
      play_in("RETR 1\r\nTOP 1 60000\r\nTOP 1 2\r\nRETR 2\r\nLIST\r\nDELE 1\r\nQUIT\r\n");
  const std::string refused =
      "-ERR [SYS/PERM] The message cannot be read: a stored record is damaged\r\n";
  EXPECT_THAT(said, testing::StartsWith(refused + refused + "+OK The top"));
  EXPECT_THAT(said, HasSubstr("\r\n.\r\n+OK 103 octets\r\n"));
  EXPECT_THAT(said, HasSubstr("Hello, second."));
  EXPECT_THAT(said, EndsWith("1 messages left\r\n"));
  ada_.reset();
}

TEST_F(Pop3Test, SaysWhatThereIs) {
  options_.expire_days = 60;
  options_.login_delay = std::chrono::seconds(900);
  const std::string capa = play("CAPA\r\n");
  for (const char* line : {"TOP", "UIDL", "USER", "SASL SCRAM-SHA-256 PLAIN LOGIN", "RESP-CODES",
                           "AUTH-RESP-CODE", "PIPELINING", "EXPIRE 60", "LOGIN-DELAY 900",
                           "UTF8 USER", "LANG", "IMPLEMENTATION Posthorn"})
    EXPECT_THAT(capa, HasSubstr("\r\n"s + line + "\r\n")) << line;
  EXPECT_THAT(capa, Not(HasSubstr("STLS")));
  // Capabilities listed before login are also listed after it (RFC 2449 §5).
  EXPECT_EQ(play_in("CAPA\r\n"), capa);
}

TEST_F(Pop3Test, EveryCommandHasItsState) {
  options_.bad_commands_before_login = 100;
  const std::string before =
      play("STAT\r\nLIST\r\nUIDL\r\nRETR 1\r\nTOP 1 0\r\nDELE 1\r\nNOOP\r\nRSET\r\n");
  std::string eight;
  for (int i = 0; i < 8; ++i) eight += "-ERR Log in first\r\n";
  EXPECT_EQ(before, eight);
  EXPECT_EQ(play_in("STLS\r\nUTF8\r\nAUTH PLAIN\r\n"),
            "-ERR This command is not allowed after login\r\n-ERR This command is not allowed "
            "after login\r\n-ERR This command is not allowed after login\r\n");
}

TEST_F(Pop3Test, DeletesAtQuitOnly) {
  for (const char* name : {"a", "b", "c"}) append(message(name));
  EXPECT_THAT(
      play_in("DELE 1\r\nDELE 1\r\nRETR 1\r\nLIST 1\r\nUIDL 1\r\nTOP 1 0\r\nSTAT\r\n"),
      HasSubstr("+OK Marked for deletion at QUIT\r\n-ERR No such message\r\n"
                "-ERR No such message\r\n-ERR No such message; the last one is 3\r\n"
                "-ERR No such message; the last one is 3\r\n-ERR No such message\r\n+OK 2 "));
  EXPECT_EQ(left(), 3U);  // The connection was dropped.
  EXPECT_THAT(play_in("DELE 1\r\nRSET\r\nQUIT\r\n"), EndsWith("+OK Good-bye, 3 messages left\r\n"));
  EXPECT_EQ(left(), 3U);
  const std::uint64_t before = ada_->published()->seq.value;
  EXPECT_THAT(play_in("DELE 1\r\nDELE 3\r\nQUIT\r\nSTAT\r\n"),
              EndsWith("+OK Good-bye, 1 messages left\r\n"));
  EXPECT_EQ(left(), 1U);
  EXPECT_EQ(ada_->published()->seq.value, before + 1);
}

TEST_F(Pop3Test, NamesSizesAndIds) {
  append(message("a"));
  append("A: b\r\n\r\nno end");
  const std::uint32_t validity = ada_->published()->find("INBOX")->head.uid_validity.value;
  const std::string id = fmt::format("{}-{:x}-", to_hex(ada_->id()).substr(0, 8), validity);
  const std::string size = std::to_string(message("a").size());
  EXPECT_EQ(play_in("LIST\r\nLIST 2\r\nLIST 3\r\nUIDL\r\nUIDL 2\r\nSTAT\r\nRETR 2\r\n"),
            "+OK 2 messages (" + std::to_string(message("a").size() + 16) + " octets)\r\n1 " +
                size + "\r\n2 16\r\n.\r\n+OK 2 16\r\n-ERR No such message; the last one is 2\r\n" +
                "+OK Unique ids follow\r\n1 " + id + "1\r\n2 " + id + "2\r\n.\r\n+OK 2 " + id +
                "2\r\n+OK 2 " + std::to_string(message("a").size() + 16) +
                "\r\n+OK 16 octets\r\nA: b\r\n\r\nno end\r\n.\r\n");
}

TEST_F(Pop3Test, MarksAsReadWhenAsked) {
  for (const char* name : {"a", "b", "c"}) append(message(name));
  const auto unseen = [&] { return ada_->published()->find("INBOX")->head.unseen; };
  play_in("RETR 1\r\nQUIT\r\n");
  EXPECT_EQ(unseen(), 3U);
  options_.mark_seen = true;
  play_in("RETR 1\r\nTOP 2 0\r\nQUIT\r\n");
  EXPECT_EQ(unseen(), 2U);
  play_in("RETR 2\r\nDELE 2\r\n");  // And the connection is dropped.
  EXPECT_EQ(unseen(), 1U);
  EXPECT_EQ(left(), 3U);
}

TEST_F(Pop3Test, HeadersBeyondAscii) {
  append("Subject: früh\r\n\r\nfrüh\r\n");
  EXPECT_THAT(play_in("LIST 1\r\nRETR 1\r\n"),
              HasSubstr("+OK 1 40\r\n+OK 40 octets\r\nSubject: =?utf-8?b?ZnLDvGg=?=\r\n\r\nfrüh"));
  EXPECT_THAT(play("UTF8\r\n" + kLogin + "LIST 1\r\nRETR 1\r\n"),
              HasSubstr("+OK 1 25\r\n+OK 25 octets\r\nSubject: früh\r\n\r\nfrüh\r\n.\r\n"));
}

TEST_F(Pop3Test, Languages) {
  EXPECT_EQ(play("LANG\r\nLANG *\r\nLANG en-GB\r\nLANG es\r\n"),
            "+OK Language list follows\r\nen English\r\n.\r\n+OK en English selected\r\n"
            "+OK en English selected\r\n-ERR This language is not available\r\n");
}

TEST_F(Pop3Test, ListensToNobodyWhoTalksNonsense) {
  const std::string nonsense = play("GET / HTTP/1.1\r\nHost: x\r\n\r\nQUIT\r\n");
  EXPECT_THAT(nonsense, EndsWith("-ERR Too many bad commands\r\n"));
  std::string many;
  for (int i = 0; i < 30; ++i) many += "FOO\r\n";
  EXPECT_THAT(play_in(many + "QUIT\r\n"), EndsWith("-ERR Too many bad commands\r\n"));
  EXPECT_THAT(play(std::string(20'000, 'x') + "\r\nQUIT\r\n"),
              testing::AllOf(HasSubstr("-ERR The line is too long\r\n"), EndsWith("Good-bye\r\n")));
  EXPECT_EQ(play("QUIT\n"), "");  // An LF ends no line.
}

TEST_F(Pop3Test, LoginsMayHaveToWait) {
  options_.login_delay = std::chrono::seconds(60);
  EXPECT_THAT(play(kLogin), HasSubstr("+OK Logged in"));
  EXPECT_THAT(play(kLogin), HasSubstr("-ERR [LOGIN-DELAY]"));
  clock_.advance(std::chrono::seconds(60));
  EXPECT_THAT(play(kLogin), HasSubstr("+OK Logged in"));
}

TEST_F(Pop3Test, TooManySessionsAreNoWrongPassword) {
  limits_ = auth::SessionLimits({.per_user = 1});
  const auto other = limits_.admit_user({.account = ada_->id(), .name = "ada"});
  EXPECT_THAT(play(kLogin), HasSubstr("-ERR [SYS/TEMP]"));
}

TEST_F(Pop3Test, LongListsAndMessagesAreWhole) {
  const std::string line = std::string(70, '.') + "\r\n";
  std::string big = "A: b\r\n\r\n";
  while (big.size() < 1'000'000) big += line;
  append(big);
  const std::string said = play_in("RETR 1\r\nQUIT\r\n");
  const std::size_t dots = (big.size() - 8) / line.size();
  EXPECT_EQ(said.size(), ("+OK " + std::to_string(big.size()) + " octets\r\n").size() + big.size() +
                             dots + 3 + "+OK Good-bye, 1 messages left\r\n"s.size());
}

}  // namespace
}  // namespace posthorn::server::pop3
