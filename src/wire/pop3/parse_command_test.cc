#include "wire/pop3/parse_command.h"

#include <gtest/gtest.h>

namespace posthorn::wire::pop3 {
namespace {

using namespace std::string_view_literals;

template <class T>
T parsed(std::string_view line) {
  auto command = parse_command(line);
  EXPECT_TRUE(command) << line;
  if (!command || !std::holds_alternative<T>(*command)) {
    ADD_FAILURE() << "another command: " << line;
    return {};
  }
  return std::get<T>(*command);
}

ErrorKind refused(std::string_view line) {
  auto command = parse_command(line);
  EXPECT_FALSE(command) << line;
  return command ? ErrorKind::server_bug : command.error().kind;
}

TEST(Pop3Command, KeywordsInAnyCase) {
  parsed<Stat>("STAT");
  parsed<Stat>("stat");
  parsed<Noop>("NoOp ");
  parsed<Capa>("CAPA");
  parsed<Stls>("STLS");
  parsed<Utf8>("UTF8");
  parsed<Rset>("RSET");
  parsed<Quit>("quit");
  parsed<Apop>("APOP mrose c4c9334bac560ecc979e58001b3e22fb");
  EXPECT_EQ(refused("XTND"), ErrorKind::not_supported);
  EXPECT_EQ(refused(""), ErrorKind::not_supported);
  EXPECT_EQ(refused(" STAT"), ErrorKind::not_supported);
  EXPECT_EQ(refused("STATUS"), ErrorKind::not_supported);
  EXPECT_EQ(refused("STAT 1"), ErrorKind::syntax);
}

TEST(Pop3Command, PasswordsMayHoldSpaces) {
  EXPECT_EQ(parsed<User>("USER ada lovelace@example.org ").name, "ada lovelace@example.org");
  EXPECT_EQ(parsed<Pass>("PASS  two  spaces ").password, " two  spaces ");
  EXPECT_EQ(parsed<Pass>("pass p\tq\xc3\xa4").password, "p\tq\xc3\xa4");
  EXPECT_EQ(refused("USER"), ErrorKind::syntax);
  EXPECT_EQ(refused("USER "), ErrorKind::syntax);
  EXPECT_EQ(refused("PASS"), ErrorKind::syntax);
  EXPECT_EQ(refused("PASS a\0b"sv), ErrorKind::syntax);
  EXPECT_EQ(refused("USER a\rb"), ErrorKind::syntax);
}

TEST(Pop3Command, NumbersAreNumbers) {
  EXPECT_EQ(parsed<Retr>("RETR 1").message, 1U);
  EXPECT_EQ(parsed<Retr>("RETR 007 ").message, 7U);
  EXPECT_EQ(parsed<Retr>("RETR 4294967295").message, 4294967295U);
  EXPECT_EQ(parsed<Retr>("RETR 99999999999999999999").message, 4294967295U);
  EXPECT_EQ(parsed<Dele>("DELE 3").message, 3U);
  EXPECT_EQ(parsed<List>("LIST").message, std::nullopt);
  EXPECT_EQ(parsed<List>("LIST ").message, std::nullopt);
  EXPECT_EQ(parsed<List>("LIST 2").message, 2U);
  EXPECT_EQ(parsed<Uidl>("UIDL 2").message, 2U);
  EXPECT_EQ(parsed<Top>("TOP 1 0").lines, 0U);
  EXPECT_EQ(parsed<Top>("TOP 1  10").lines, 10U);
  for (const std::string_view line :
       {"RETR"sv, "RETR 0"sv, "RETR -1"sv, "RETR +1"sv, "RETR 1x"sv, "RETR 1 2"sv, "LIST x"sv,
        "TOP 1"sv, "TOP 1 -1"sv, "TOP 1 2 3"sv, "DELE"sv, "UIDL 0"sv})
    EXPECT_EQ(refused(line), ErrorKind::syntax) << line;
}

TEST(Pop3Command, Authentication) {
  EXPECT_EQ(parsed<Auth>("AUTH").mechanism, "");
  EXPECT_EQ(parsed<Auth>("AUTH ").mechanism, "");
  EXPECT_EQ(parsed<Auth>("AUTH PLAIN").initial_response, std::nullopt);
  const Auth auth = parsed<Auth>("auth plain AHUAcA==");
  EXPECT_EQ(auth.mechanism, "plain");
  EXPECT_EQ(auth.initial_response, "AHUAcA==");
  EXPECT_EQ(parsed<Auth>("AUTH LOGIN =").initial_response, "=");
  EXPECT_EQ(refused("AUTH PLAIN a b"), ErrorKind::syntax);
  EXPECT_EQ(parsed<Lang>("LANG").range, "");
  EXPECT_EQ(parsed<Lang>("LANG en-US").range, "en-US");
  EXPECT_EQ(refused("LANG a b"), ErrorKind::syntax);
}

}  // namespace
}  // namespace posthorn::wire::pop3
