#include "auth/test_authenticator.h"

#include <gtest/gtest.h>

#include <future>
#include <map>

#include "async/run.h"
#include "auth/rules/app_password.h"
#include "auth/sasl/exchange.h"
#include "auth/token/test_signer.h"
#include "text/base64.h"

namespace posthorn::auth {
namespace {

using namespace std::string_literals;

// What the hash of some account is worth to somebody who asks for a name of no account.
TEST_F(Auth, ADecoyHashLetsNobodyIn) {
  const auto hash = ForeignHash::parse("{SHA256}K7gNU3sdo+OL0wNhqoVWhr3g6s1xYv72ol/pe/Unols=");
  std::string asked;
  Authenticator auth(directory_, throttle_, hashing_, clock_,
                     {.sasl = {.decoy_key = "k", .decoy_iterations = 8},
                      .upgrade_iterations = [] { return 9U; },
                      .decoy_hash =
                          [&](std::string_view user) {
                            asked = user;
                            return std::optional(*hash);
                          }});
  const auto said = async::run_blocking(
      auth.login("nobody", Secret("secret"),
                 {.peer = "192.0.2.1:1", .mechanism = "LOGIN", .service = Protocol::imap}));
  EXPECT_EQ(said.error().kind, ErrorKind::auth_failed);
  EXPECT_EQ(asked, "nobody");
  EXPECT_EQ(auth.hashes(), 1U);
  EXPECT_EQ(directory_.kept, 0);
}

TEST_F(Auth, TakesAppPasswordsWhereTheyAreGood) {
  const Secret password = make_app_password();
  auto rules = std::make_shared<LoginRules>();
  rules->main_password = MainPassword::http;
  rules->app_passwords.push_back({.id = 3,
                                  .name = "phone",
                                  .digest = *digest_of_app_password(password.reveal()),
                                  .protocols = bit(Protocol::imap)});
  directory_.records["anna"].rules = rules;
  const auto log_in = [&](std::string_view with, Protocol protocol) {
    return async::run_blocking(auth_.login(
        "anna", Secret(with), {.peer = "192.0.2.1:1", .mechanism = "LOGIN", .service = protocol}));
  };
  const auto in = log_in(password.reveal(), Protocol::imap);
  ASSERT_TRUE(in.has_value());
  EXPECT_EQ(in->app_password, 3U);
  EXPECT_EQ(directory_.used, 3U);
  EXPECT_EQ(auth_.hashes(), 0U);
  EXPECT_FALSE(log_in(password.reveal(), Protocol::pop3));
  EXPECT_FALSE(log_in("secret", Protocol::imap));
  const auto main = log_in("secret", Protocol::http);
  ASSERT_TRUE(main.has_value());
  EXPECT_EQ(main->app_password, 0U);
  // It is remembered now, and still no good for other protocols.
  EXPECT_FALSE(log_in("secret", Protocol::imap));
  directory_.records["anna"].state = AccountState::disabled;
  EXPECT_EQ(log_in(password.reveal(), Protocol::imap).error().kind, ErrorKind::no_permission);
}

TEST_F(Auth, ScramNeedsTheMainPassword) {
  auto rules = std::make_shared<LoginRules>();
  rules->main_password = MainPassword::nowhere;
  directory_.records["anna"].rules = rules;
  const auto e = exchange("SCRAM-SHA-256");
  const auto step = async::run_blocking(e->begin(Secret("n,,n=anna,r=abc")));
  const std::string salt = text::base64_encode(directory_.records["anna"].keys->salt);
  EXPECT_EQ(std::get<Challenge>(step).bytes.find(salt), std::string::npos);
}

TEST_F(Auth, AMasterActsAsOthersWherePermitted) {
  add("ben@example.org", "ben's");
  add("eve@example.net", "eve's");
  auto rules = std::make_shared<LoginRules>();
  rules->may_act_as.push_back({"example.org", 1'000'100});
  directory_.records["anna"].rules = rules;
  Authenticator auth(directory_, throttle_, hashing_, clock_,
                     {.sasl = {.decoy_key = "k", .decoy_iterations = 8}, .master_separator = "*"});
  const auto log_in = [&](const char* user, const char* password) {
    return async::run_blocking(
        auth.login(user, Secret(password),
                   {.peer = "192.0.2.1:1", .mechanism = "LOGIN", .service = Protocol::imap}));
  };
  const auto as_ben = log_in("ben@example.org*anna", "secret");
  ASSERT_TRUE(as_ben.has_value()) << as_ben.error().text;
  EXPECT_EQ(as_ben->account, directory_.records["ben@example.org"].account);
  ASSERT_TRUE(as_ben->master.has_value());
  EXPECT_EQ(as_ben->master->account, directory_.records["anna"].account);
  // The password is the master's own, and what he may not do looks like what nobody may.
  EXPECT_EQ(log_in("ben@example.org*anna", "ben's").error().kind, ErrorKind::auth_failed);
  EXPECT_EQ(log_in("ben@example.org*bob", "hunter2").error().kind, ErrorKind::no_permission);
  EXPECT_EQ(log_in("eve@example.net*anna", "secret").error().kind, ErrorKind::no_permission);
  EXPECT_EQ(log_in("nobody@example.org*anna", "secret").error().kind, ErrorKind::no_permission);
  EXPECT_EQ(log_in("anna*anna", "secret")->account, directory_.records["anna"].account);
  // An account may have the separator in its name.
  add("ben*anna", "own");
  EXPECT_EQ(log_in("ben*anna", "own")->name, "ben*anna");
  const auto mechanism = [&](std::string_view name) {
    return std::make_unique<Exchange>(
        auth, *make_mechanism(name, {Channel::Secrecy::tls, Plaintext::allowed, {}}, auth.sasl()),
        Source{.peer = "192.0.2.1:1", .mechanism = {}, .service = Protocol::imap});
  };
  auto said =
      async::run_blocking(mechanism("PLAIN")->begin(Secret("ben@example.org\0anna\0secret"s)));
  ASSERT_TRUE(std::holds_alternative<Identity>(said));
  EXPECT_EQ(std::get<Identity>(said).name, "ben@example.org");
  said = async::run_blocking(mechanism("PLAIN")->begin(Secret("\0ben@example.org*anna\0secret"s)));
  ASSERT_TRUE(std::holds_alternative<Identity>(said));
  EXPECT_EQ(std::get<Identity>(said).name, "ben@example.org");
  directory_.records["ben@example.org"].state = AccountState::disabled;
  EXPECT_EQ(log_in("ben@example.org*anna", "secret").error().kind, ErrorKind::no_permission);
  directory_.records["ben@example.org"].state = AccountState::active;
  clock_.advance(std::chrono::seconds(100));
  EXPECT_EQ(log_in("ben@example.org*anna", "secret").error().kind, ErrorKind::no_permission);
}

TEST_F(Auth, NamesOfOneAccountShareItsGuesses) {
  directory_.records["anna@example.org"] = directory_.records["anna"];
  directory_.records["anna"].name = directory_.records["anna@example.org"].name =
      "anna@example.org";
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(login("anna", "guess a" + std::to_string(i)));
    EXPECT_FALSE(login("anna@example.org", "guess b" + std::to_string(i)));
  }
  ASSERT_EQ(throttle_.slowed(10).size(), 1U);
  EXPECT_EQ(throttle_.slowed(10)[0].guesses, 6U);
}

TEST_F(Auth, TellsWhoLoggedIn) {
  const auto who = login("anna", "secret");
  ASSERT_TRUE(who.has_value());
  EXPECT_EQ(who->account, directory_.records["anna"].account);
  EXPECT_EQ(who->name, "anna");
}

TEST_F(Auth, SaysTheSameOfUnknownUsersAndWrongPasswords) {
  const auto wrong = login("anna", "Secret");
  const auto unknown = login("nobody", "secret");
  EXPECT_EQ(wrong.error().kind, ErrorKind::auth_failed);
  EXPECT_EQ(wrong.error().text, unknown.error().text);
  EXPECT_EQ(auth_.hashes(), 2U);  // The unknown user cost the same.
}

TEST_F(Auth, RemembersARightPassword) {
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(login("anna", "secret"));
  EXPECT_EQ(auth_.hashes(), 1U);
  EXPECT_FALSE(login("anna", "secre"));
  EXPECT_FALSE(login("bob", "secret"));  // Another account's password.
  EXPECT_EQ(auth_.hashes(), 3U);
}

TEST_F(Auth, ForgetsWhenTheAccountChangesOrAnHourHasPassed) {
  EXPECT_TRUE(login("anna", "secret"));
  clock_.advance(std::chrono::seconds(3600));
  EXPECT_TRUE(login("anna", "secret"));
  EXPECT_EQ(auth_.hashes(), 2U);
  LoginRecord& record = directory_.records["anna"];
  record.keys = make_keys("changed", 8);
  record.version = 2;
  EXPECT_FALSE(login("anna", "secret"));
  EXPECT_TRUE(login("anna", "changed"));
  auth_.forget(record.account);
  EXPECT_TRUE(login("anna", "changed"));
  EXPECT_EQ(auth_.hashes(), 5U);
}

TEST_F(Auth, TellsDisabledAccountsOnlyToThoseWhoKnowThePassword) {
  directory_.records["anna"].state = AccountState::disabled;
  EXPECT_EQ(login("anna", "wrong").error().kind, ErrorKind::auth_failed);
  EXPECT_EQ(login("anna", "secret").error().kind, ErrorKind::no_permission);
}

TEST_F(Auth, PassesTheDirectorysErrorsOn) {
  directory_.broken = true;
  EXPECT_EQ(login("anna", "secret").error().kind, ErrorKind::io);
}

TEST_F(Auth, RefusesRatherThanQueueingWithoutEnd) {
  std::promise<void> go;
  const std::shared_future<void> gone = go.get_future().share();
  std::promise<void> running;
  ASSERT_TRUE(pool_.submit([&running, gone] {
    running.set_value();
    gone.wait();
  }));
  running.get_future().wait();
  while (pool_.submit([] {})) {
  }
  EXPECT_EQ(login("anna", "secret").error().kind, ErrorKind::unavailable);
  go.set_value();
}

TEST_F(Auth, CountsGuessesButNotRepeats) {
  for (int i = 0; i < 30; ++i) EXPECT_FALSE(login("anna", "old password"));
  EXPECT_TRUE(throttle_.slowed(10).empty());
  for (int i = 0; i < 6; ++i) EXPECT_FALSE(login("anna", "guess" + std::to_string(i)));
  EXPECT_EQ(throttle_.slowed(10).size(), 1U);
  EXPECT_TRUE(login("anna", "secret"));
  EXPECT_TRUE(throttle_.slowed(10).empty());
}

/// Invalid names: too long, not UTF-8, with a control character.
const std::string kBadNames[] = {std::string(12'000, 'a'), "\xff\xfe", "an\x07na"};

TEST_F(Auth, NamesThatAreNoneAreNeitherKeptNorLogged) {
  for (int i = 0; i < 60; ++i)
    throttle_.failed("bob", "192.0.2.1:1", Throttle::Named::account, "guess " + std::to_string(i));
  const auto before = throttle_.admit("bob", "192.0.2.1:1")->delay;
  testing::internal::CaptureStderr();
  for (int i = 0; i < 60; ++i) {
    for (const std::string& name : kBadNames) {
      EXPECT_EQ(login(name + std::to_string(i), "x" + std::to_string(i)).error().kind,
                ErrorKind::auth_failed);
    }
  }
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_EQ(auth_.hashes(), 0U);
  EXPECT_LE(throttle_.size(), 4U);  // Bob, twice, and the network, twice.
  EXPECT_EQ(throttle_.admit("bob", "192.0.2.1:1")->delay, before);
  EXPECT_GT(throttle_.admit("", "192.0.2.1:1")->delay.count(), 0);
  EXPECT_LT(log.size(), 180U * 150);
  EXPECT_EQ(log.find("aaaa"), std::string::npos);
  EXPECT_NE(log.find("octets=12001"), std::string::npos);
}

TEST_F(Auth, ANameCannotLookLikeOtherFieldsOfTheLog) {
  // From an address of its own, whose warnings no other test has used up.
  const auto fail_as = [&](const std::string& user) {
    const Source source{"203.0.113.77:1", "LOGIN"};
    EXPECT_FALSE(async::run_blocking(auth_.login(user, Secret("wrong"), source)));
  };
  testing::internal::CaptureStderr();
  fail_as("x\" address=198.51.100.7");
  fail_as("back\\slash");
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_NE(log.find("address=203.0.113.77 port=1 mechanism=\"LOGIN\" reason=unknown_user "
                     "user=\"x\\x22 address=198.51.100.7\""),
            std::string::npos)
      << log;
  EXPECT_NE(log.find("user=\"back\\x5cslash\""), std::string::npos) << log;
}

TEST_F(Auth, MalformedResponsesCountAgainstTheNetworkAndNobodyElse) {
  for (int i = 0; i < 20; ++i) {
    auto outcome = async::run_blocking(exchange("PLAIN")->begin(Secret(kBadNames[1] + "\0x"s)));
    EXPECT_EQ(std::get<Error>(outcome).kind, ErrorKind::syntax);
    outcome = async::run_blocking(exchange("SCRAM-SHA-256")->begin(Secret("n,,n=,r=abc")));
    EXPECT_EQ(std::get<Error>(outcome).kind, ErrorKind::syntax);
  }
  EXPECT_EQ(throttle_.size(), 1U);
  EXPECT_EQ(throttle_.admit("", "192.0.2.1:1")->delay.count(), 0);
  EXPECT_TRUE(login("anna", "secret"));
}

TEST_F(Auth, AnAccountWithoutAPasswordTakesNone) {
  directory_.records["anna"].keys.reset();
  EXPECT_EQ(login("anna", "secret").error().kind, ErrorKind::auth_failed);
  EXPECT_EQ(login("anna", "").error().kind, ErrorKind::auth_failed);
  EXPECT_EQ(auth_.hashes(), 2U);  // And costs the same.
}

TEST_F(Auth, TokensCountByWhomTheyNameAndNotTogether) {
  const test::Signer signer(test::Signer::Kind::ed25519, "k1");
  const test::Signer stranger(test::Signer::Kind::ed25519, "k1");
  auto verifier = TokenVerifier::make({.issuer = "https://id.example.org", .audience = "mail"},
                                      signer.key_set());
  ASSERT_TRUE(verifier);
  const auto tokens = std::make_shared<TokenPlace>();
  tokens->set(*verifier);
  Authenticator auth(directory_, throttle_, hashing_, clock_,
                     {.sasl = {.decoy_key = "k", .decoy_iterations = 8, .tokens = tokens}});
  const auto token = [](const test::Signer& by, int expires) {
    return by.token(fmt::format(
        R"({{"iss":"https://id.example.org","aud":"mail","exp":{},"email":"anna"}})", expires));
  };
  const auto taken = [&](const std::string& said) {
    auto outcome = async::run_blocking(auth.check_token("", Secret(said), {"192.0.2.1:1", "X"}));
    return outcome && std::holds_alternative<Authenticator::TokenHolder>(*outcome);
  };
  directory_.records["anna"].keys.reset();  // Who has no password may have tokens.
  // Phones behind one address with expired tokens: these are not guesses.
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(taken(token(signer, 900'000 - i)));
  EXPECT_EQ(throttle_.size(), 0U);
  // An attacker at that address invents tokens: after many, the network is delayed.
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(taken(token(stranger, 2'000'000 + i)));
  EXPECT_EQ(throttle_.admit("", "192.0.2.1:1")->delay.count(), 0);
  for (int i = 0; i < 60; ++i) EXPECT_FALSE(taken(token(stranger, 3'000'000 + i)));
  EXPECT_GT(throttle_.admit("", "192.0.2.1:1")->delay.count(), 0);
  EXPECT_TRUE(taken(token(signer, 2'000'000)));
}

/// Knows tokens only by asking, and can be down.
class FakeIssuer final : public TokenJudge {
 public:
  [[nodiscard]] const TokenRules& rules() const override { return rules_; }
  [[nodiscard]] std::optional<TokenJudgement> judge_now(std::string_view,
                                                        Timestamp) const override {
    return std::nullopt;
  }
  async::Task<Result<TokenJudgement>> ask(std::shared_ptr<const Secret> token,
                                          Timestamp) const override {
    ++asked;
    if (down) co_return fail(ErrorKind::unavailable, "down");
    if (token->reveal() != "good") co_return TokenJudgement(std::unexpected(TokenFault::inactive));
    co_return TokenUser{"anna", 1'000'100};
  }
  bool down = false;
  mutable int asked = 0;
  TokenRules rules_{.issuer = "i", .audience = "a"};
};

TEST_F(Auth, AnIssuerThatCannotBeAskedIsATemporaryFailure) {
  const auto issuer = std::make_shared<FakeIssuer>();
  const auto tokens = std::make_shared<TokenPlace>();
  tokens->set(issuer);
  Authenticator auth(directory_, throttle_, hashing_, clock_,
                     {.sasl = {.decoy_key = "k", .decoy_iterations = 8, .tokens = tokens}});
  const auto check = [&](std::string_view said) {
    return async::run_blocking(auth.check_token("anna", Secret(said), {"192.0.2.1:1", "X"}));
  };
  auto good = check("good");
  ASSERT_TRUE(good && std::holds_alternative<Authenticator::TokenHolder>(*good));
  EXPECT_EQ(std::get<Authenticator::TokenHolder>(*good).expires, std::nullopt);
  EXPECT_TRUE(std::holds_alternative<TokenRefusal>(*check("bad")));
  issuer->rules_.end_sessions = true;
  good = check("good");
  EXPECT_EQ(std::get<Authenticator::TokenHolder>(*good).expires, 1'000'100);
  // What is no token is not sent.
  const int asked = issuer->asked;
  EXPECT_TRUE(std::holds_alternative<TokenRefusal>(*check("no token")));
  EXPECT_EQ(issuer->asked, asked);
  const std::size_t counted = throttle_.size();
  issuer->down = true;
  for (int i = 0; i < 20; ++i) {
    const auto none = check(fmt::format("t{}", i));
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().kind, ErrorKind::unavailable);
  }
  EXPECT_EQ(throttle_.size(), counted);  // Nobody has guessed.
}

TEST_F(Auth, ExchangesPlain) {
  auto good = async::run_blocking(exchange("PLAIN")->begin(Secret("\0anna\0secret"s)));
  ASSERT_TRUE(std::holds_alternative<Identity>(good));
  EXPECT_EQ(std::get<Identity>(good).name, "anna");
  auto bad = async::run_blocking(exchange("PLAIN")->begin(Secret("\0anna\0secreT"s)));
  EXPECT_EQ(std::get<Error>(bad).kind, ErrorKind::auth_failed);
  auto odd = async::run_blocking(exchange("PLAIN")->begin(Secret("anna")));
  EXPECT_EQ(std::get<Error>(odd).kind, ErrorKind::syntax);
  auto other = async::run_blocking(exchange("PLAIN")->begin(Secret("bob\0anna\0secret"s)));
  EXPECT_EQ(std::get<Error>(other).kind, ErrorKind::no_permission);
}

TEST_F(Auth, ExchangesLogin) {
  const auto e = exchange("LOGIN");
  auto step = async::run_blocking(e->begin(std::nullopt));
  EXPECT_EQ(std::get<Challenge>(step).bytes, "Username:");
  step = async::run_blocking(e->respond(Secret("anna")));
  EXPECT_EQ(std::get<Challenge>(step).bytes, "Password:");
  step = async::run_blocking(e->respond(Secret("secret")));
  EXPECT_EQ(std::get<Identity>(step).name, "anna");
}

TEST_F(Auth, ExchangesScramAndCountsItsFailures) {
  for (int i = 0; i < 6; ++i) {
    const auto e = exchange("SCRAM-SHA-256");
    auto step = async::run_blocking(e->begin(Secret("n,,n=anna,r=abc")));
    const std::string first = std::get<Challenge>(step).bytes;
    const std::string nonce = first.substr(0, first.find(','));
    const std::string proof = "p=" + std::string(43, 'A') + "=";
    step = async::run_blocking(e->respond(Secret("c=biws," + nonce + "," + proof)));
    EXPECT_EQ(std::get<Error>(step).kind, ErrorKind::auth_failed);
  }
  EXPECT_EQ(throttle_.slowed(10).size(), 1U);
}

}  // namespace
}  // namespace posthorn::auth
