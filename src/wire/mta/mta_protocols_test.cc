#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wire/mta/auth_protocol.h"
#include "wire/mta/policy.h"
#include "wire/mta/socketmap.h"

namespace posthorn::wire::mta {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

AuthBegin begin_of(std::string_view line) {
  auto command = parse_auth_command(line);
  EXPECT_TRUE(command);
  return command ? std::get<AuthBegin>(*command) : AuthBegin{};
}

TEST(AuthProtocol, ReadsWhatPostfixSends) {
  const AuthBegin begin = begin_of(
      "AUTH\t7\tPLAIN\tservice=smtp\tnologin\tlip=192.0.2.1\trip=2001:db8::7\trport=4711\tsecured"
      "\tresp=AGFkYQBzZWNyZXQ=");
  EXPECT_EQ(begin.id, 7U);
  EXPECT_EQ(begin.mechanism, "PLAIN");
  EXPECT_EQ(begin.service, "smtp");
  EXPECT_EQ(begin.remote_address, "2001:db8::7");
  EXPECT_EQ(begin.remote_port, "4711");
  EXPECT_TRUE(begin.secured);
  EXPECT_EQ(begin.initial_response, "AGFkYQBzZWNyZXQ=");
  const AuthBegin bare = begin_of("AUTH\t1\tLOGIN\tservice=smtp");
  EXPECT_FALSE(bare.secured);
  EXPECT_FALSE(bare.initial_response);
  EXPECT_EQ(begin_of("AUTH\t1\tPLAIN\tsecured=tls\tresp=").initial_response, "");
}

TEST(AuthProtocol, AnAddressIsNothingElse) {
  EXPECT_EQ(begin_of("AUTH\t1\tPLAIN\trip=user peer=1.2.3.4").remote_address, "");
  EXPECT_EQ(begin_of("AUTH\t1\tPLAIN\trip=" + std::string(60, '1')).remote_address, "");
  EXPECT_EQ(begin_of("AUTH\t1\tPLAIN\trport=123456").remote_port, "");
}

TEST(AuthProtocol, OtherCommands) {
  EXPECT_EQ(std::get<AuthVersion>(*parse_auth_command("VERSION\t1\t2")).major, 1U);
  EXPECT_EQ(std::get<AuthAnswer>(*parse_auth_command("CONT\t9\tYQ==")).response, "YQ==");
  EXPECT_EQ(std::get<AuthAnswer>(*parse_auth_command("CONT\t9")).response, "");
  EXPECT_EQ(std::get<AuthCancel>(*parse_auth_command("CANCEL\t4294967295")).id, 4294967295U);
  EXPECT_TRUE(std::holds_alternative<AuthIgnored>(*parse_auth_command("CPID\t12")));
  EXPECT_TRUE(std::holds_alternative<AuthIgnored>(*parse_auth_command("")));
  EXPECT_EQ(std::get<UserQuery>(*parse_user_command("USER\t1\ta\x01tb\tservice=smtp")).name,
            "a\tb");
}

TEST(AuthProtocol, RefusesWhatIsBroken) {
  for (const std::string_view line :
       {"AUTH"sv, "AUTH\t1"sv, "AUTH\tx\tPLAIN"sv, "AUTH\t4294967296\tPLAIN"sv, "AUTH\t1\t"sv,
        "CONT\t"sv, "VERSION"sv, "CANCEL\t-1"sv, "AUTH\t1\tPLAIN\0"sv, "AUTH\t1\tA\tresp=x\tb"sv})
    EXPECT_FALSE(parse_auth_command(line)) << line;
  EXPECT_FALSE(parse_user_command("USER\t1\t"));
  EXPECT_FALSE(parse_user_command("USER\t1\ta\0b"sv));
}

TEST(AuthProtocol, RepliesAreSingleLines) {
  EXPECT_EQ(format_auth_greeting({{"PLAIN", true}, {"SCRAM-SHA-256"}}, {12, 3, "00ff"}),
            "VERSION\t1\t2\nMECH\tPLAIN\tplaintext\nMECH\tSCRAM-SHA-256\nSPID\t12\nCUID\t3\n"
            "COOKIE\t00ff\nDONE\n");
  EXPECT_EQ(format_auth_success(1, "a\tb\nc\rd\x01"),
            "OK\t1\tuser=a\x01tb\x01nc\x01rd\x01"
            "1\n");
  EXPECT_EQ(format_auth_challenge(2, ""), "CONT\t2\t\n");
  EXPECT_EQ(format_auth_failure(3, AuthFailure::refused, "Wrong"), "FAIL\t3\treason=Wrong\n");
  EXPECT_EQ(format_auth_failure(3, AuthFailure::temporary, "Later"),
            "FAIL\t3\ttemp\tcode=temp_fail\treason=Later\n");
  EXPECT_EQ(format_user_greeting(9), "VERSION\t1\t1\nSPID\t9\n");
  EXPECT_EQ(format_user_found(1, "ada@example.org"), "USER\t1\tada@example.org\n");
  EXPECT_EQ(format_user_unknown(1), "NOTFOUND\t1\n");
}

std::vector<std::string> requests_in(std::string_view octets, std::size_t step) {
  std::vector<std::string> out;
  MapRequests requests;
  for (std::size_t at = 0; at < octets.size(); at += step) {
    std::string_view input = octets.substr(at, step);
    while (true) {
      auto request = requests.take(input);
      if (!request) {
        out.push_back("<" + request.error().text + ">");
        return out;
      }
      if (!*request) break;
      out.push_back((*request)->map + "|" + (*request)->key);
    }
  }
  return out;
}

TEST(Socketmap, RequestsHoweverTheOctetsCome) {
  const std::string octets = "23:mailboxes a@example.org,10:domains é,13:senders a b c,0000009:x ,";
  for (const std::size_t step : {1UL, 3UL, 100UL}) {
    const auto got = requests_in(octets, step);
    ASSERT_EQ(got.size(), 4U);
    EXPECT_EQ(got[0], "mailboxes|a@example.org");
    EXPECT_EQ(got[1], "domains|é");
    EXPECT_EQ(got[2], "senders|a b c");
    EXPECT_EQ(got[3], "<the request is too long>");
  }
}

TEST(Socketmap, RefusesWhatIsBroken) {
  for (const std::string_view octets :
       {":x,", "x", "4:a bc;", "4097:", "99999:", "100000:", "3:abc,", "GET / HTTP/1.1"}) {
    const auto got = requests_in(octets, 1);
    ASSERT_EQ(got.size(), 1U) << octets;
    EXPECT_TRUE(got[0].starts_with('<')) << octets;
  }
}

TEST(Socketmap, Replies) {
  EXPECT_EQ(format_map_reply(MapOutcome::found, "ada"), "6:OK ada,");
  EXPECT_EQ(format_map_reply(MapOutcome::not_found, ""), "9:NOTFOUND ,");
  EXPECT_EQ(format_map_reply(MapOutcome::temporary, "why"), "8:TEMP why,");
  EXPECT_EQ(format_map_reply(MapOutcome::permanent, "no"), "7:PERM no,");
}

TEST(Policy, RequestsHoweverTheOctetsCome) {
  const std::string octets =
      "request=smtpd_access_policy\nprotocol_state=RCPT\nsize=12345\nsasl_username=\n"
      "recipient=a=b@example.org\n\nprotocol_state=DATA\n\n";
  for (const std::size_t step : {1UL, 7UL, 1000UL}) {
    PolicyRequests requests;
    std::vector<PolicyRequest> got;
    for (std::size_t at = 0; at < octets.size(); at += step) {
      std::string_view input = std::string_view(octets).substr(at, step);
      while (true) {
        auto request = requests.take(input);
        ASSERT_TRUE(request);
        if (!*request) break;
        got.push_back(**request);
      }
    }
    ASSERT_EQ(got.size(), 2U);
    EXPECT_EQ(got[0]["recipient"], "a=b@example.org");
    EXPECT_EQ(got[0].number("size"), 12345U);
    EXPECT_EQ(got[0]["sasl_username"], "");
    EXPECT_EQ(got[0].number("nothing"), 0U);
    EXPECT_EQ(got[1]["protocol_state"], "DATA");
    EXPECT_EQ(got[1]["recipient"], "");
  }
}

TEST(Policy, RefusesWhatIsBroken) {
  std::string many;
  for (int i = 0; i < 101; ++i) many += "a" + std::to_string(i) + "=b\n";
  for (const std::string& octets :
       {"x\n\n"s, "=x\n"s, "a=" + std::string(PolicyRequests::kMaxLine, 'x') + "\n", many}) {
    PolicyRequests requests;
    std::string_view input = octets;
    EXPECT_FALSE(requests.take(input)) << octets.substr(0, 20);
  }
  EXPECT_EQ(format_policy_reply("DUNNO"), "action=DUNNO\n\n");
}

}  // namespace
}  // namespace posthorn::wire::mta
