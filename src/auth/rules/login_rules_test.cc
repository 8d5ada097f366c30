#include "auth/rules/login_rules.h"

#include <gtest/gtest.h>

#include <cctype>
#include <set>

#include "auth/rules/app_password.h"

namespace posthorn::auth {
namespace {

LoginRules some_rules() {
  LoginRules rules;
  rules.main_password = MainPassword::http;
  rules.next_id = 8;
  rules.app_passwords.push_back({.id = 7,
                                 .name = "phone",
                                 .digest = sha256("x"),
                                 .protocols = bit(Protocol::imap),
                                 .ranges = {"192.0.2.0/24"},
                                 .created = 5,
                                 .expires = 100,
                                 .last_used = 6});
  rules.may_act_as.push_back({"example.org", 50});
  return rules;
}

TEST(LoginRules, SurviveStorage) {
  EXPECT_EQ(encode_rules({}), "");
  EXPECT_EQ(*decode_rules(""), LoginRules{});
  const LoginRules rules = some_rules();
  const std::string stored = encode_rules(rules);
  EXPECT_EQ(*decode_rules(stored), rules);
  for (std::size_t length = 1; length < stored.size(); ++length)
    EXPECT_FALSE(decode_rules(std::string_view(stored).substr(0, length)).has_value()) << length;
  EXPECT_FALSE(decode_rules(stored + "x").has_value());
  std::string other = stored;
  other[0] = 9;
  EXPECT_FALSE(decode_rules(other).has_value());
  other = stored;
  other[1] = 3;
  EXPECT_FALSE(decode_rules(other).has_value());
}

TEST(LoginRules, KeepCapabilitiesThatAreNotOffered) {
  LoginRules rules = some_rules();
  const std::string before = encode_rules(rules);
  rules.app_passwords.front().without = {"QRESYNC"};
  const std::string stored = encode_rules(rules);
  EXPECT_NE(stored[0], before[0]);  // An older program refuses what it would forget.
  EXPECT_EQ(*decode_rules(stored), rules);
  for (std::size_t length = 1; length < stored.size(); ++length)
    EXPECT_FALSE(decode_rules(std::string_view(stored).substr(0, length)).has_value()) << length;
  rules.without = {"IDLE", "NOTIFY"};
  EXPECT_EQ(*decode_rules(encode_rules(rules)), rules);
  EXPECT_EQ(rules.without_for(0), (std::vector<std::string>{"IDLE", "NOTIFY"}));
  EXPECT_EQ(rules.without_for(7), (std::vector<std::string>{"IDLE", "NOTIFY", "QRESYNC"}));
  rules = {};
  rules.without = {"IDLE"};
  EXPECT_EQ(*decode_rules(encode_rules(rules)), rules);
}

TEST(LoginRules, SayWhereTheMainPasswordCounts) {
  LoginRules rules;
  EXPECT_TRUE(rules.takes_main_password(Protocol::imap));
  rules.main_password = MainPassword::http;
  EXPECT_FALSE(rules.takes_main_password(Protocol::imap));
  EXPECT_TRUE(rules.takes_main_password(Protocol::http));
  rules.main_password = MainPassword::nowhere;
  EXPECT_FALSE(rules.takes_main_password(Protocol::http));
}

TEST(LoginRules, SayAsWhomSomebodyMayAct) {
  const LoginRules rules = some_rules();
  EXPECT_TRUE(rules.allows_acting_as("ada@Example.org", 49));
  EXPECT_FALSE(rules.allows_acting_as("ada@example.org", 50));
  EXPECT_FALSE(rules.allows_acting_as("ada@sub.example.org", 1));
  EXPECT_FALSE(rules.allows_acting_as("example.org", 1));
  EXPECT_TRUE((LoginRules{.may_act_as = {{"*", 0}}}).allows_acting_as("ada", 1));
}

TEST(AppPassword, IsLongRandomAndEasyToType) {
  std::set<std::string> seen;
  for (int i = 0; i < 50; ++i) {
    const Secret password = make_app_password();
    EXPECT_EQ(password.reveal().size(), 31U) << password.reveal();
    EXPECT_TRUE(seen.emplace(password.reveal()).second);
    const auto digest = digest_of_app_password(password.reveal());
    ASSERT_TRUE(digest.has_value());
    std::string typed;
    for (const char c : password.reveal())
      if (c != '-') typed += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    EXPECT_EQ(digest_of_app_password(typed), digest);
    typed.back() = typed.back() == 'A' ? 'B' : 'A';
    EXPECT_NE(digest_of_app_password(typed), digest);
    typed.pop_back();
    EXPECT_EQ(digest_of_app_password(typed), std::nullopt);
  }
  for (const char* const other : {"", "secret", "abcdefghijkmnpqrstuvwxyz234", "----------"})
    EXPECT_EQ(digest_of_app_password(other), std::nullopt);
}

TEST(AppPassword, IsGoodForWhatItWasMadeFor) {
  const LoginRules rules = some_rules();
  std::string_view refused;
  const auto find = [&](std::string_view of, Protocol protocol, std::string_view peer,
                        std::int64_t now) {
    refused = "";
    const AppPassword* const found =
        find_app_password(rules, sha256(of), {protocol, peer, now}, refused);
    return found != nullptr ? found->id : 0;
  };
  EXPECT_EQ(find("x", Protocol::imap, "192.0.2.7:1000", 99), 7U);
  EXPECT_EQ(find("y", Protocol::imap, "192.0.2.7:1000", 99), 0U);
  EXPECT_EQ(refused, "");
  EXPECT_EQ(find("x", Protocol::imap, "192.0.2.7:1000", 100), 0U);
  EXPECT_EQ(refused, "app_password_expired");
  EXPECT_EQ(find("x", Protocol::pop3, "192.0.2.7:1000", 99), 0U);
  EXPECT_EQ(refused, "app_password_wrong_protocol");
  EXPECT_EQ(find("x", Protocol::imap, "192.0.3.7:1000", 99), 0U);
  EXPECT_EQ(find("x", Protocol::imap, "unix", 99), 0U);
  EXPECT_EQ(refused, "app_password_wrong_address");
}

}  // namespace
}  // namespace posthorn::auth
