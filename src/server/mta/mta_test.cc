#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/frame/test_scripted_stream.h"
#include "server/mta/auth_server.h"
#include "server/mta/auth_session.h"
#include "server/mta/map_server.h"
#include "server/mta/policy_server.h"
#include "server/mta/user_server.h"
#include "service/forwarding/test_forwarder.h"
#include "service/sending/sender.h"
#include "service/sharing/team.h"
#include "store/low_space.h"
#include "store/store_fixture.h"
#include "text/base64.h"

namespace posthorn::server::mta {
namespace {

using namespace std::string_literals;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

/// Every account has the password "secret".
class Directory final : public auth::Directory {
 public:
  async::Task<Result<std::optional<auth::LoginRecord>>> find(std::string login) override {
    if (broken) co_return fail(ErrorKind::io, "the disk", "test");
    if (delay.count() > 0) co_await async::sleep_for(delay);
    const auto at = records.find(login);
    if (at == records.end()) co_return std::nullopt;
    co_return at->second;
  }
  std::map<std::string, auth::LoginRecord> records;
  bool broken = false;
  std::chrono::milliseconds delay{0};
};

/// Collects what a server writes to a client that sends a script and then closes its side.
class Collector final : public frame::ScriptedStream {
 public:
  Collector(std::string script, std::size_t step, std::string& out)
      : ScriptedStream(std::move(script), step), out_(out) {}
  ~Collector() override { out_ = output(); }

 private:
  std::string& out_;
};

class MtaTest : public store::StoreFixture {
 protected:
  MtaTest() {
    ada_ = make_account("ada@example.org");
    EXPECT_TRUE(run(store_->add_alias("post@example.org", ada_->id())));
    off_ = make_account("off@example.org");
    EXPECT_TRUE(run(store_->set_disabled(off_->id(), true)));
    for (const auto& account : {ada_, off_}) {
      const std::string name = account == ada_ ? "ada@example.org" : "off@example.org";
      directory_.records[name] = {
          .account = account->id(),
          .name = name,
          .keys = auth::make_keys("secret", 8),
          .state = account == ada_ ? auth::AccountState::active : auth::AccountState::disabled,
          .version = 1};
    }
    options_.transport = "lmtp:unix:lmtp.sock";
  }
  ~MtaTest() override {
    ada_.reset();
    off_.reset();
  }

  [[nodiscard]] MtaContext context() {
    return {*store_, authenticator_,
            [this](std::string address) { return find_address(std::move(address)); },
            [this](std::string domain) { return is_our_domain(std::move(domain)); }, *forwarder_};
  }
  async::Task<Result<std::optional<store::AddressEntry>>> find_address(std::string address) {
    if (directory_.broken) co_return fail(ErrorKind::io, "the disk", "test");
    co_return co_await store_->find_address(address);
  }
  async::Task<Result<bool>> is_our_domain(std::string domain) const {
    if (directory_.broken) co_return fail(ErrorKind::io, "the disk", "test");
    co_return domain == "example.org";
  }

  /// Returns everything a server says to a client that sends `script`.
  template <class Server>
  std::string play(const std::string& script, std::size_t step = 100'000) {
    std::string out;
    Server server(context(), options_);
    run([](Server& to, std::unique_ptr<net::Stream> stream) -> async::Task<void> {
      to.accept(std::move(stream), frame::Transport::plain);
      while (to.connections() > 0) co_await async::sleep_for(std::chrono::milliseconds(1));
      co_await to.stop(std::chrono::seconds(1));
    }(server, std::make_unique<Collector>(script, step, out)));
    return out;
  }

  std::string ask(const std::string& commands, std::size_t step = 100'000) {
    const std::string said = play<AuthServer>("VERSION\t1\t2\nCPID\t1\n" + commands, step);
    const std::size_t done = said.find("DONE\n");
    EXPECT_NE(done, std::string::npos) << said;
    return said.substr(std::min(done + 5, said.size()));
  }
  static std::string plain(const std::string& user, const std::string& password) {
    return text::base64_encode("\0"s + user + "\0"s + password);
  }

  std::string look_up(const std::string& request) {
    return play<MapServer>(std::to_string(request.size()) + ":" + request + ",");
  }

  std::string judge(const std::string& attributes) {
    return play<PolicyServer>("request=smtpd_access_policy\n" + attributes + "\n");
  }

  Directory directory_;
  auth::Throttle throttle_{{.free_guesses = 2,
                            .first_delay = std::chrono::milliseconds(1500),
                            .longest_delay = std::chrono::milliseconds(1500)},
                           clock_};
  async::OffloadPool hashers_{1, 100};
  auth::HashQueue hashing_{hashers_, {}};
  auth::Authenticator authenticator_{
      directory_, throttle_, hashing_, clock_, {.sasl = {.decoy_key = "k", .decoy_iterations = 8}}};
  MtaOptions options_;
  service::TestForwarder forwarder_{*store_};
  store::AccountPtr ada_;
  store::AccountPtr off_;
};

TEST_F(MtaTest, GreetsWithTheMechanismsBeforeTheRest) {
  const std::string said = play<AuthServer>("");
  EXPECT_TRUE(said.starts_with("VERSION\t1\t2\nMECH\t")) << said;
  EXPECT_THAT(said, HasSubstr("MECH\tPLAIN\tplaintext\n"));
  EXPECT_THAT(said, HasSubstr("MECH\tSCRAM-SHA-256\n"));
  EXPECT_THAT(said, Not(HasSubstr("-PLUS")));
  EXPECT_LT(said.find("MECH\tLOGIN"), said.find("SPID\t"));
  EXPECT_THAT(said, EndsWith("DONE\n"));
}

TEST_F(MtaTest, ChecksPasswords) {
  for (const std::size_t step : {1UL, 1000UL}) {
    EXPECT_EQ(ask("AUTH\t1\tPLAIN\tservice=smtp\tnologin\trip=192.0.2.1\tsecured\tresp=" +
                      plain("ada@example.org", "secret") + "\n",
                  step),
              "OK\t1\tuser=ada@example.org\n");
  }
  const std::string wrong = ask(
      "AUTH\t1\tPLAIN\tservice=smtp\tsecured\tresp=" + plain("ada@example.org", "wrong") + "\n");
  EXPECT_TRUE(wrong.starts_with("FAIL\t1\treason=")) << wrong;
  const std::string disabled = ask(
      "AUTH\t1\tPLAIN\tservice=smtp\tsecured\tresp=" + plain("off@example.org", "secret") + "\n");
  EXPECT_TRUE(disabled.starts_with("FAIL\t1\treason=")) << disabled;
}

TEST_F(MtaTest, AsksForWhatIsMissing) {
  const std::string said = ask("AUTH\t5\tLOGIN\tservice=smtp\tsecured\nCONT\t5\t" +
                               text::base64_encode("ada@example.org") + "\nCONT\t5\t" +
                               text::base64_encode("secret") + "\n");
  EXPECT_EQ(said, "CONT\t5\t" + text::base64_encode("Username:") + "\nCONT\t5\t" +
                      text::base64_encode("Password:") + "\nOK\t5\tuser=ada@example.org\n");
}

TEST_F(MtaTest, NoPasswordInClear) {
  const std::string request =
      "AUTH\t1\tPLAIN\tservice=smtp\trip=192.0.2.1\tresp=" + plain("ada@example.org", "secret") +
      "\n";
  EXPECT_TRUE(ask(request).starts_with("FAIL\t1\treason=")) << ask(request);
  options_.plaintext = auth::PlaintextLogin::always;
  EXPECT_EQ(ask(request), "OK\t1\tuser=ada@example.org\n");
}

TEST_F(MtaTest, ASlowLoginIsATemporaryFailureAndDelaysNobodyElse) {
  options_.answer_time = std::chrono::milliseconds(500);
  const auto login = [](const std::string& id, const std::string& user, const std::string& address,
                        const std::string& password) {
    return "AUTH\t" + id + "\tPLAIN\tservice=smtp\trip=" + address +
           "\tsecured\tresp=" + plain(user, password) + "\n";
  };
  for (int i = 0; i < 3; ++i)
    static_cast<void>(ask(login("1", "ada@example.org", "192.0.2.1", "wrong" + std::to_string(i))));
  directory_.records["ben@example.org"] = directory_.records["ada@example.org"];
  directory_.records["ben@example.org"].name = "ben@example.org";
  const std::string said = ask(login("9", "ada@example.org", "192.0.2.1", "secret") +
                               login("10", "ben@example.org", "198.51.100.1", "secret"));
  EXPECT_TRUE(said.starts_with("OK\t10\tuser=ben@example.org\nFAIL\t9\ttemp\tcode=temp_fail\t"))
      << said;
}

TEST_F(MtaTest, ATroubleOfOursIsATemporaryFailure) {
  directory_.broken = true;
  EXPECT_THAT(ask("AUTH\t1\tPLAIN\tservice=smtp\tsecured\tresp=" +
                  plain("ada@example.org", "secret") + "\n"),
              testing::StartsWith("FAIL\t1\ttemp\t"));
  EXPECT_THAT(look_up("mailboxes ada@example.org"), HasSubstr(":TEMP "));
  EXPECT_THAT(judge("protocol_state=RCPT\nrecipient=ada@example.org\n"),
              testing::StartsWith("action=451 4.3.0 "));
  EXPECT_THAT(play<UserServer>("VERSION\t1\t1\nUSER\t1\tada@example.org\tservice=smtp\n"),
              HasSubstr("FAIL\t1\t"));
}

TEST_F(MtaTest, WhileSpaceIsShortRecipientsAreRefusedForTheTimeBeing) {
  const auto ask_for = [&](const std::string& name) {
    return play<UserServer>("VERSION\t1\t1\nUSER\t3\t" + name + "\tservice=smtp\n");
  };
  const auto recipient = [&](const std::string& address) {
    return judge("protocol_state=RCPT\nsender=x@example.net\nrecipient=" + address + "\n");
  };
  store::set_low_on_space(*store_, true);
  EXPECT_THAT(recipient("ada@example.org"), testing::StartsWith("action=452 4.3.1 "));
  EXPECT_EQ(recipient("somebody@elsewhere.example"), "action=DUNNO\n\n");
  EXPECT_THAT(ask_for("ada@example.org"), HasSubstr("\nFAIL\t3\t"));
  EXPECT_THAT(ask_for("nobody@example.org"), EndsWith("\nNOTFOUND\t3\n"));
  store::set_low_on_space(*store_, false);
  EXPECT_EQ(recipient("ada@example.org"), "action=DUNNO\n\n");
  EXPECT_THAT(ask_for("ada@example.org"), EndsWith("\nUSER\t3\tada@example.org\n"));
}

TEST_F(MtaTest, WhoBreaksTheProtocolIsDisconnected) {
  const std::string good =
      "AUTH\t1\tPLAIN\tservice=smtp\tsecured\tresp=" + plain("ada@example.org", "secret") + "\n";
  for (const std::string& bad :
       {"VERSION\t2\t0\n"s, "AUTH\t1\tPLAIN\0\n"s, "AUTH\tx\n"s, std::string(20'000, 'x') + "\n",
        "AUTH\t1\tLOGIN\tsecured\nAUTH\t1\tLOGIN\tsecured\n"s})
    EXPECT_THAT(ask(bad + good), Not(HasSubstr("OK\t"))) << bad.substr(0, 30);
  EXPECT_THAT(play<AuthServer>(good), Not(HasSubstr("OK\t")));  // No VERSION.
  // Logins without end, of which none is finished.
  const auto begun = [](std::size_t count) {
    std::string lines;
    for (std::size_t i = 0; i < count; ++i)
      lines += "AUTH\t" + std::to_string(i + 100) + "\tLOGIN\tservice=smtp\tsecured\n";
    return lines;
  };
  EXPECT_THAT(ask(begun(AuthSession::kMaxRequests - 1) + good), HasSubstr("OK\t1\t"));
  EXPECT_THAT(ask(begun(AuthSession::kMaxRequests + 1) + good), Not(HasSubstr("OK\t")));
}

TEST_F(MtaTest, CancelledLoginsThatStillRunCount) {
  directory_.delay = std::chrono::milliseconds(200);
  const std::string good =
      "AUTH\t1\tPLAIN\tservice=smtp\tsecured\tresp=" + plain("ada@example.org", "secret") + "\n";
  const auto cancelled = [](std::size_t count) {
    std::string lines;
    for (std::size_t i = 0; i < count; ++i)
      lines += fmt::format("AUTH\t{0}\tPLAIN\tservice=smtp\tsecured\tresp={1}\nCANCEL\t{0}\n",
                           i + 100, plain("eve@example.org", "wrong"));
    return lines;
  };
  EXPECT_THAT(ask(cancelled(10) + good), HasSubstr("OK\t1\t"));
  EXPECT_THAT(ask(cancelled(AuthSession::kMaxRunning + 1) + good), Not(HasSubstr("OK\t")));
}

TEST_F(MtaTest, BadRequestsFail) {
  EXPECT_THAT(ask("AUTH\t1\tPLAIN\tsecured\tresp=!\n"), testing::StartsWith("FAIL\t1\treason="));
  EXPECT_THAT(ask("AUTH\t1\tNTLM\tsecured\n"), testing::StartsWith("FAIL\t1\treason="));
  EXPECT_EQ(ask("CONT\t44\tYQ==\nCANCEL\t44\nLATER\tx\n"), "");
  EXPECT_THAT(ask("AUTH\t1\tPLAIN\tsecured\tresp=" + text::base64_encode("nothing") + "\n"),
              testing::StartsWith("FAIL\t1\treason="));
}

TEST_F(MtaTest, UsersExist) {
  const auto ask_for = [&](const std::string& name) {
    return play<UserServer>("VERSION\t1\t1\nUSER\t3\t" + name + "\tservice=smtp\n");
  };
  EXPECT_THAT(ask_for("ada@example.org"), EndsWith("\nUSER\t3\tada@example.org\n"));
  EXPECT_THAT(ask_for("post+x@example.org"), EndsWith("\nUSER\t3\tada@example.org\n"));
  EXPECT_THAT(ask_for("off@example.org"), EndsWith("\nNOTFOUND\t3\n"));
  EXPECT_THAT(ask_for("eve@example.org"), EndsWith("\nNOTFOUND\t3\n"));
  EXPECT_THAT(ask_for("not an address"), EndsWith("\nNOTFOUND\t3\n"));
  // Full, also by an alias and with a detail: a failure, which is temporary.
  const store::NewEmail email = upload(ada_, message("the last one"));
  ASSERT_TRUE(change(ada_, {}, [&](store::Change& c) -> Status {
    auto uid = c.append(c.state().find("INBOX")->id, email, {}, {});
    if (!uid) return pass(uid);
    c.set_quota({.max_messages = 1});
    return {};
  }));
  for (const std::string name : {"ada@example.org", "post+x@example.org"})
    EXPECT_THAT(ask_for(name), EndsWith("\nFAIL\t3\treason=The mailbox is full\n")) << name;
  EXPECT_THAT(ask_for("eve@example.org"), EndsWith("\nNOTFOUND\t3\n"));
  EXPECT_THAT(ask_for("off@example.org"), EndsWith("\nNOTFOUND\t3\n"));
}

TEST_F(MtaTest, MapsHaveWhatPostfixAsksFor) {
  EXPECT_EQ(look_up("domains example.org"), "14:OK example.org,");
  EXPECT_EQ(look_up("domains example.net"), "9:NOTFOUND ,");
  EXPECT_EQ(look_up("mailboxes Ada@Example.org"), "18:OK ada@example.org,");
  EXPECT_EQ(look_up("mailboxes post@example.org"), "18:OK ada@example.org,");
  EXPECT_EQ(look_up("mailboxes ada+list@example.org"), "18:OK ada@example.org,");
  EXPECT_EQ(look_up("mailboxes eve@example.org"), "9:NOTFOUND ,");
  EXPECT_EQ(look_up("mailboxes @example.org"), "9:NOTFOUND ,");
  EXPECT_EQ(look_up("aliases ada@example.org"), "9:NOTFOUND ,");
  EXPECT_EQ(look_up("aliases post@example.org"), "18:OK ada@example.org,");
  EXPECT_EQ(look_up("aliases post+list@example.org"), "23:OK ada+list@example.org,");
  EXPECT_EQ(look_up("senders ada+list@example.org"), "18:OK ada@example.org,");
  EXPECT_EQ(look_up("senders post@example.org"), "18:OK ada@example.org,");
  EXPECT_EQ(look_up("senders ceo@example.org"), "9:NOTFOUND ,");
  EXPECT_EQ(look_up("transports example.org"), "22:OK lmtp:unix:lmtp.sock,");
  EXPECT_EQ(look_up("transports ada@example.org"), "22:OK lmtp:unix:lmtp.sock,");
  EXPECT_EQ(look_up("transports example.net"), "9:NOTFOUND ,");
  EXPECT_THAT(look_up("virtual x"), HasSubstr(":PERM "));
  for (const std::string bad : {"nonsense", "9:mailboxes,", "3:a b;", "99999:a b,"})
    EXPECT_EQ(play<MapServer>(bad + "25:mailboxes ada@example.org,"),
              "37:PERM The request cannot be understood,")
        << bad;
}

TEST_F(MtaTest, RecipientsAreJudged) {
  const auto recipient = [&](const std::string& address, std::uint64_t size = 0) {
    return judge("protocol_state=RCPT\nsender=x@example.net\nrecipient=" + address +
                 "\nsize=" + std::to_string(size) + "\nsasl_username=\n");
  };
  EXPECT_EQ(recipient("ada@example.org"), "action=DUNNO\n\n");
  EXPECT_EQ(recipient("post+x@example.org"), "action=DUNNO\n\n");
  EXPECT_EQ(recipient("eve@example.net"), "action=DUNNO\n\n");
  EXPECT_THAT(recipient("eve@example.org"), testing::StartsWith("action=550 5.1.1 "));
  EXPECT_THAT(recipient("off@example.org"), testing::StartsWith("action=550 5.2.1 "));
  EXPECT_THAT(recipient("ada@example.org", options_.max_message_octets + 1),
              testing::StartsWith("action=552 5.3.4 "));
  ASSERT_TRUE(change(ada_, {}, [](store::Change& c) -> Status {
    c.set_quota({.max_bytes = 1000});
    return {};
  }));
  EXPECT_EQ(recipient("post@example.org", 999), "action=DUNNO\n\n");
  EXPECT_THAT(recipient("post@example.org", 1001), testing::StartsWith("action=552 5.2.2 "));
}

TEST_F(MtaTest, WhatLeadsToOtherServersComesHere) {
  ASSERT_TRUE(run(store_->add_alias("both@example.org", {"ada@example.org", ">bob@far.example"})));
  ASSERT_TRUE(run(store_->add_alias("all@example.org", {"both@example.org", "post@example.org"})));
  ASSERT_TRUE(run(store_->add_alias("here@example.org", {"ada@example.org", "off@example.org"})));
  for (const std::string name : {"both@example.org", "all@example.org"}) {
    EXPECT_EQ(look_up("aliases " + name), "9:NOTFOUND ,");
    EXPECT_THAT(look_up("mailboxes " + name), HasSubstr(":OK " + name));
    EXPECT_EQ(look_up("senders " + name), "9:NOTFOUND ,");
  }
  EXPECT_THAT(look_up("aliases here@example.org"), HasSubstr("off@example.org"));
  const auto recipient = [&](const std::string& address) {
    return judge("protocol_state=RCPT\nsender=x@example.net\nrecipient=" + address +
                 "\nsasl_username=\n");
  };
  EXPECT_EQ(recipient("all@example.org"), "action=DUNNO\n\n");
  forwarder_->set_rules({.can_send = false});
  EXPECT_THAT(recipient("all@example.org"), testing::StartsWith("action=451 4.3.5 "));
  EXPECT_EQ(recipient("here@example.org"), "action=DUNNO\n\n");
}

TEST_F(MtaTest, ReturnPathsLeadBack) {
  const auto made = service::srs_rewrite({"eve+x", "far.example", ""}, "example.org",
                                         forwarder_.keys, clock_.now().seconds);
  ASSERT_TRUE(made);
  const std::string good = made->written;
  std::string forged = good;
  forged[5] = forged[5] == 'A' ? 'B' : 'A';
  const auto ask_for = [&](const std::string& name) {
    return play<UserServer>("VERSION\t1\t1\nUSER\t3\t" + name + "\tservice=smtp\n");
  };
  const auto recipient = [&](const std::string& address) {
    return judge("protocol_state=RCPT\nsender=\nrecipient=" + address + "\nsasl_username=\n");
  };
  EXPECT_THAT(look_up("mailboxes " + good), HasSubstr(":OK " + good));
  EXPECT_EQ(look_up("mailboxes " + forged), "9:NOTFOUND ,");
  EXPECT_EQ(look_up("aliases " + good), "9:NOTFOUND ,");
  EXPECT_THAT(ask_for(good), EndsWith("\nUSER\t3\t" + good + "\n"));
  EXPECT_THAT(ask_for(forged), EndsWith("\nNOTFOUND\t3\n"));
  EXPECT_EQ(recipient(good), "action=DUNNO\n\n");
  EXPECT_THAT(recipient(forged), testing::StartsWith("action=550 5.7.1 "));
}

TEST_F(MtaTest, WhatIsNoPolicyRequestIsATemporaryError) {
  const std::string good = "protocol_state=RCPT\nrecipient=eve@example.org\n\n";
  std::string many;
  for (int i = 0; i < 1000; ++i) many += "a" + std::to_string(i) + "=b\n";
  for (const std::string& bad : {"nonsense\n"s, "=x\n"s, std::string(100'000, 'x') + "\n", many})
    EXPECT_EQ(play<PolicyServer>(bad + good),
              "action=451 4.3.0 The request cannot be understood\n\n")
        << bad.substr(0, 30);
}

TEST_F(MtaTest, SendersAreJudged) {
  const auto sender = [&](const std::string& address, const std::string& user) {
    return judge("protocol_state=RCPT\nsender=" + address +
                 "\nrecipient=x@example.net\nsasl_username=" + user + "\n");
  };
  EXPECT_EQ(sender("ada@example.org", "ada@example.org"), "action=DUNNO\n\n");
  EXPECT_EQ(sender("post@example.org", "ada@example.org"), "action=DUNNO\n\n");
  EXPECT_EQ(sender("", "ada@example.org"), "action=DUNNO\n\n");
  EXPECT_EQ(sender("ceo@example.org", ""), "action=DUNNO\n\n");
  EXPECT_EQ(sender("ceo@example.org", "somebody@else"), "action=DUNNO\n\n");
  EXPECT_THAT(sender("ceo@example.org", "ada@example.org"),
              testing::StartsWith("action=550 5.7.1 "));
  EXPECT_THAT(sender("no address\r", "ada@example.org"), testing::StartsWith("action=553 5.1.7 "));
}

TEST_F(MtaTest, MembersSendAsTheirTeam) {
  const auto id = run(store_->create_team("help@example.org", {}));
  ASSERT_TRUE(id);
  const auto team = *run(store_->account(*id));
  const auto join = [&](const store::AccountPtr& who, store::TeamSending sending) {
    return run(service::set_member(team, {who->id(), store::Rights::all(), sending}));
  };
  const auto judged = [&](const std::string& user) {
    return judge("protocol_state=RCPT\nsender=help@example.org\nrecipient=x@example.net\n" +
                 ("sasl_username=" + user + "\n"));
  };
  EXPECT_EQ(look_up("senders help@example.org"), "19:OK help@example.org,");
  ASSERT_TRUE(join(ada_, store::TeamSending::as_team));
  ASSERT_TRUE(join(off_, store::TeamSending::on_behalf));
  EXPECT_EQ(look_up("senders help+x@example.org"), "36:OK help@example.org, ada@example.org,");
  EXPECT_EQ(look_up("mailboxes help@example.org"), "19:OK help@example.org,");
  EXPECT_EQ(judged("ada@example.org"), "action=DUNNO\n\n");
  EXPECT_THAT(judged("off@example.org"), testing::StartsWith("action=550 5.7.1 "));
}

TEST_F(MtaTest, SendingIsCountedAtTheEndOfTheData) {
  options_.limits.recipients_per_hour = 5;
  const auto at = [&](const std::string& state, int recipients) {
    return judge("protocol_state=" + state + "\nsender=ada@example.org\nrecipient=x@example.net\n" +
                 "sasl_username=ada@example.org\nrecipient_count=" + std::to_string(recipients) +
                 "\n");
  };
  for (int i = 0; i < 10; ++i) EXPECT_EQ(at("RCPT", 0), "action=DUNNO\n\n");
  EXPECT_EQ(at("END-OF-MESSAGE", 3), "action=DUNNO\n\n");
  EXPECT_THAT(at("END-OF-MESSAGE", 3), testing::StartsWith("action=450 4.7.1 "));
  EXPECT_EQ(at("END-OF-MESSAGE", 2), "action=DUNNO\n\n");
  EXPECT_THAT(at("RCPT", 0), testing::StartsWith("action=450 4.7.1 "));
  EXPECT_THAT(at("END-OF-MESSAGE", 6), testing::StartsWith("action=550 5.7.1 "));
  EXPECT_EQ(at("DATA", 9), "action=DUNNO\n\n");
}

}  // namespace
}  // namespace posthorn::server::mta
