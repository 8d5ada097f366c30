#include "auth/token/answers.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

namespace posthorn::auth {
namespace {

constexpr Timestamp kNow{1'800'000'000};
const TokenRules kRules{.issuer = "https://id.example.org", .audience = "mail"};

/// Returns the user, the name of the fault, or "no answer".
std::string judged(std::string_view json, const TokenRules& rules = kRules) {
  const auto answer = parse_introspection(json, rules, kNow);
  if (!answer) return "no answer";
  const TokenJudgement& judgement = *answer;
  return judgement ? judgement->name : std::string(name_of(judgement.error()));
}

std::string active(std::string_view more) {
  return fmt::format(R"({{"active":true,"email":"ada@example.org"{}}})", more);
}

TEST(Introspection, SaysWhoseATokenIs) {
  EXPECT_EQ(judged(active(R"(,"aud":"mail")")), "ada@example.org");
  EXPECT_EQ(judged(active(R"(,"aud":["web","mail"],"iss":"https://id.example.org")")),
            "ada@example.org");
  EXPECT_EQ(judged(active(R"(,"aud":"mail","token_type":"bearer","exp":1800000300)")),
            "ada@example.org");
  EXPECT_EQ(judged(R"({"active":false})"), "inactive");
  EXPECT_EQ(judged(R"({"active":false,"email":"ada@example.org","aud":"mail"})"), "inactive");
}

TEST(Introspection, ClaimsThatAreThereHaveToBeRight) {
  EXPECT_EQ(judged(active("")), "wrong_audience");
  EXPECT_EQ(judged(active(R"(,"aud":"web")")), "wrong_audience");
  EXPECT_EQ(judged(active(R"(,"aud":"mail","iss":"https://evil.example")")), "wrong_issuer");
  EXPECT_EQ(judged(active(R"(,"aud":"mail","iss":null)")), "wrong_issuer");
  EXPECT_EQ(judged(active(R"(,"aud":"mail","exp":1799999940)")), "expired");
  EXPECT_EQ(judged(active(R"(,"aud":"mail","exp":"1800000300")")), "expired");
  EXPECT_EQ(judged(active(R"(,"aud":"mail","exp":null)")), "expired");
  EXPECT_EQ(judged(active(R"(,"aud":"mail","nbf":1800000061)")), "not_yet_valid");
  EXPECT_EQ(judged(active(R"(,"aud":"mail","email_verified":false)")), "no_user");
  EXPECT_EQ(judged(R"({"active":true,"aud":"mail"})"), "no_user");
  EXPECT_EQ(judged(R"({"active":true,"aud":"mail","email":["ada@example.org"]})"), "no_user");
  // What is bound to a key, or is no access token.
  EXPECT_EQ(judged(active(R"(,"aud":"mail","token_type":"DPoP")")), "unsupported");
  EXPECT_EQ(judged(active(R"(,"aud":"mail","cnf":{"jkt":"x"})")), "unsupported");
}

TEST(Introspection, WithoutAnAudienceTheIssuerDecides) {
  TokenRules rules = kRules;
  rules.audience.clear();
  EXPECT_EQ(judged(active(""), rules), "ada@example.org");
  EXPECT_EQ(judged(active(R"(,"aud":"web")"), rules), "ada@example.org");
  rules.scope = "mail";
  EXPECT_EQ(judged(active(""), rules), "insufficient_scope");
  EXPECT_EQ(judged(active(R"(,"scope":"openid mail")"), rules), "ada@example.org");
}

TEST(Introspection, TellsWhenATokenEnds) {
  const auto end = [](std::string_view exp) {
    const auto answer =
        parse_introspection(active(fmt::format(R"(,"aud":"mail"{})", exp)), kRules, kNow);
    EXPECT_TRUE(answer && *answer);
    return (*answer)->expires;
  };
  EXPECT_EQ(end(""), std::nullopt);
  EXPECT_EQ(end(R"(,"exp":1800000300)"), 1'800'000'360);
  EXPECT_EQ(end(R"(,"exp":1e300)"), 1'000'000'000'000'060);
}

TEST(Introspection, AnythingElseIsNoAnswer) {
  for (const std::string& text :
       {std::string(), std::string("{}"), std::string("[]"), std::string("true"),
        std::string(R"({"active":"true","email":"ada@example.org","aud":"mail"})"),
        std::string(R"({"active":1,"email":"ada@example.org","aud":"mail"})"),
        std::string(R"({"active":null})"), std::string(R"([{"active":true}])"),
        std::string(R"({"active":true,"email":"ada@example.org","aud":"mail"} x)"),
        R"({"active":true,"x":)" + std::string(100'000, '[') + "}",
        std::string("{\"active\":true,\"email\":\"\xff\"}"), std::string("<html>"),
        std::string("{\"active\":true\0}", 16)})
    EXPECT_EQ(judged(text), "no answer") << text.substr(0, 80);
}

TEST(Metadata, AreThoseOfTheIssuerOnly) {
  const auto read = [](std::string_view json) {
    return parse_metadata(json, "https://id.example.org");
  };
  const auto good = read(
      R"({"issuer":"https://id.example.org","jwks_uri":"https://k.example/","introspection_endpoint":7})");
  ASSERT_TRUE(good);
  EXPECT_EQ(good->jwks_uri, "https://k.example/");
  EXPECT_EQ(good->introspection_endpoint, "");
  for (const char* bad :
       {"", "[]", "{}", R"({"issuer":"https://id.example.org/","jwks_uri":"https://k.example/"})",
        R"({"issuer":["https://id.example.org"]})", R"({"issuer":"https://evil.example"})"})
    EXPECT_FALSE(read(bad)) << bad;
}

TEST(Metadata, AreInTwoPlaces) {
  using Urls = std::vector<std::string>;
  EXPECT_EQ(metadata_urls("https://id.example.org"),
            (Urls{"https://id.example.org/.well-known/oauth-authorization-server",
                  "https://id.example.org/.well-known/openid-configuration"}));
  EXPECT_EQ(metadata_urls("https://id.example.org/realms/mail/"),
            (Urls{"https://id.example.org/.well-known/oauth-authorization-server/realms/mail",
                  "https://id.example.org/realms/mail/.well-known/openid-configuration"}));
}

TEST(BearerToken, NothingElseIsSentToTheIssuer) {
  for (const char* good : {"a", "a.b.c", "abc+/-._~019==", "A="})
    EXPECT_TRUE(is_bearer_token(good));
  for (const char* bad : {"", "=", "a=b", "a b", "a&b", "a\r\n", "a%20", "\xc3\xa4", "a\"", "a{"})
    EXPECT_FALSE(is_bearer_token(bad)) << bad;
  EXPECT_FALSE(is_bearer_token(std::string("a\0b", 3)));
  EXPECT_TRUE(is_bearer_token(std::string(TokenVerifier::kMaxTokenOctets, 'a')));
  EXPECT_FALSE(is_bearer_token(std::string(TokenVerifier::kMaxTokenOctets + 1, 'a')));
}

}  // namespace
}  // namespace posthorn::auth
