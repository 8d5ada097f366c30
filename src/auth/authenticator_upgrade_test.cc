#include "auth/test_authenticator.h"

// Passwords that are not SCRAM keys of this store: hashes of other servers, keys with few
// iterations, and what directories outside of the store know.
namespace posthorn::auth {
namespace {

TEST_F(Auth, TurnsAHashOfAnotherServerIntoKeys) {
  LoginRecord& anna = directory_.records["anna"];
  anna.keys.reset();
  anna.hash = *ForeignHash::parse("{SHA256}K7gNU3sdo+OL0wNhqoVWhr3g6s1xYv72ol/pe/Unols=");
  EXPECT_FALSE(login("anna", "Secret"));
  EXPECT_EQ(directory_.kept, 0);
  EXPECT_TRUE(login("anna", "secret"));
  EXPECT_EQ(directory_.kept, 0);  // It is a setting.
  auth_.forget(anna.account);

  Authenticator upgrading(
      directory_, throttle_, hashing_, clock_,
      {.sasl = {.decoy_key = "k", .decoy_iterations = 8}, .upgrade_iterations = [] { return 9U; }});
  const auto log_in = [&](const char* user, const char* password) {
    return async::run_blocking(
        upgrading.login(user, Secret(password),
                        {.peer = "192.0.2.1:1", .mechanism = "LOGIN", .service = Protocol::imap}));
  };
  EXPECT_FALSE(log_in("anna", "Secret"));
  EXPECT_EQ(directory_.kept, 0);
  EXPECT_TRUE(log_in("anna", "secret"));
  EXPECT_EQ(directory_.kept, 1);
  EXPECT_FALSE(anna.hash);
  EXPECT_EQ(anna.keys->iterations, 9U);
  upgrading.forget(anna.account);
  EXPECT_TRUE(log_in("anna", "secret"));
  EXPECT_EQ(directory_.kept, 1);
}

TEST_F(Auth, RaisesTheIterationsOfKeys) {
  std::uint32_t wanted = 7;
  Authenticator upgrading(directory_, throttle_, hashing_, clock_,
                          {.sasl = {.decoy_key = "k", .decoy_iterations = 8},
                           .upgrade_iterations = [&] { return wanted; }});
  const auto log_in = [&](const char* password) {
    upgrading.forget(directory_.records["anna"].account);
    return async::run_blocking(
        upgrading.login("anna", Secret(password),
                        {.peer = "192.0.2.1:1", .mechanism = "LOGIN", .service = Protocol::imap}));
  };
  EXPECT_TRUE(log_in("secret"));
  EXPECT_EQ(directory_.kept, 0) << "never fewer than there are";
  wanted = 9;
  EXPECT_FALSE(log_in("Secret"));
  EXPECT_EQ(directory_.kept, 0);
  EXPECT_TRUE(log_in("secret"));
  EXPECT_EQ(directory_.kept, 1);
  EXPECT_EQ(directory_.records["anna"].keys->iterations, 9U);
  EXPECT_TRUE(log_in("secret"));
  EXPECT_EQ(directory_.kept, 1);
}

std::shared_ptr<Outside> outside(bool checks_password) {
  auto made = std::make_shared<Outside>();
  made->checks_password = checks_password;
  made->remember_for = std::chrono::seconds(60);
  return made;
}

TEST_F(Auth, AnOutsideDirectoryChecksThePassword) {
  directory_.records["eve"] = {.account = {}, .name = "eve", .outside = outside(true)};
  directory_.passwords["eve"] = "secret";
  EXPECT_EQ(login("eve", "wrong").error().kind, ErrorKind::auth_failed);
  const auto first = login("eve", "secret");
  ASSERT_TRUE(first);
  EXPECT_EQ(first->account, directory_.records["eve"].account);
  EXPECT_EQ(auth_.hashes(), 0U);
  EXPECT_EQ(directory_.verified, 2);
  // What says nothing about the password is not counted as a wrong one.
  directory_.down = true;
  for (int i = 0; i < 20; ++i)
    EXPECT_EQ(login("eve", "secret").error().kind, ErrorKind::unavailable);
  directory_.down = false;
  EXPECT_TRUE(login("eve", "secret"));
  EXPECT_EQ(throttle_.admit("eve", "192.0.2.1:1", std::nullopt)->delay.count(), 0);
}

TEST_F(Auth, ARightPasswordOfADirectoryIsRememberedForItsTimeOnly) {
  LoginRecord& anna = directory_.records["anna"];
  anna.keys.reset();
  anna.outside = outside(true);
  directory_.passwords["anna"] = "secret";
  EXPECT_TRUE(login("anna", "secret"));
  // Found anew, it is checked anew.
  EXPECT_TRUE(login("anna", "secret"));
  EXPECT_EQ(directory_.verified, 2);
  directory_.recent["anna"] = anna;
  EXPECT_TRUE(login("anna", "secret"));
  EXPECT_EQ(directory_.verified, 2);
  EXPECT_FALSE(login("anna", "wrong"));
  EXPECT_EQ(directory_.verified, 3);
  directory_.down = true;
  EXPECT_TRUE(login("anna", "secret"));
  clock_.advance(std::chrono::seconds(61));
  EXPECT_EQ(login("anna", "secret").error().kind, ErrorKind::unavailable);
}

TEST_F(Auth, NoKeysAreMadeOfAHashInADirectory) {
  LoginRecord& anna = directory_.records["anna"];
  anna.keys.reset();
  anna.hash = *ForeignHash::parse("{SHA256}K7gNU3sdo+OL0wNhqoVWhr3g6s1xYv72ol/pe/Unols=");
  anna.outside = outside(false);
  Authenticator upgrading(
      directory_, throttle_, hashing_, clock_,
      {.sasl = {.decoy_key = "k", .decoy_iterations = 8}, .upgrade_iterations = [] { return 9U; }});
  EXPECT_TRUE(async::run_blocking(
      upgrading.login("anna", Secret("secret"), {.peer = "192.0.2.1:1", .mechanism = "LOGIN"})));
  EXPECT_EQ(directory_.kept, 0);
}

TEST_F(Auth, AnUnknownNameCostsWhatADirectoryCosts) {
  EXPECT_EQ(login("nobody", "x").error().kind, ErrorKind::auth_failed);
  EXPECT_EQ(auth_.hashes(), 1U);
  directory_.imitates = true;
  EXPECT_EQ(login("nobody", "x").error().kind, ErrorKind::auth_failed);
  EXPECT_EQ(auth_.hashes(), 1U);
  EXPECT_EQ(directory_.imitated, 2);
}

TEST_F(Auth, ADisabledUserOfADirectoryGetsNoAccount) {
  directory_.records["eve"] = {
      .account = {}, .name = "eve", .state = AccountState::disabled, .outside = outside(true)};
  directory_.passwords["eve"] = "secret";
  EXPECT_EQ(login("eve", "secret").error().kind, ErrorKind::no_permission);
  EXPECT_EQ(directory_.records["eve"].account, AccountId{});
}

}  // namespace
}  // namespace posthorn::auth
