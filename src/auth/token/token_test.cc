#include "auth/token/token.h"

#include <fmt/core.h>
#include <gtest/gtest.h>
#include <openssl/err.h>

#include "auth/crypto.h"
#include "auth/token/test_signer.h"

namespace posthorn::auth {
namespace {

using test::base64url;
using test::Signer;

constexpr Timestamp kNow{1'800'000'000};
const TokenRules kRules{.issuer = "https://id.example.org", .audience = "mail"};

/// The claims of a good token; `more` begins with a comma.
std::string claims(std::string_view more = "", std::string_view except = "") {
  const std::pair<std::string_view, std::string> all[] = {
      {"iss", R"("https://id.example.org")"},
      {"aud", R"("mail")"},
      {"exp", "1800000300"},
      {"email", R"("ada@example.org")"},
  };
  std::string out;
  for (const auto& [name, value] : all)
    if (name != except) out += fmt::format("{}\"{}\":{}", out.empty() ? "" : ",", name, value);
  return "{" + out + std::string(more) + "}";
}

/// Returns the user, or the name of the fault.
std::string judged(const Signer& signer, std::string_view token, TokenRules rules = kRules) {
  const auto verifier = TokenVerifier::make(std::move(rules), signer.key_set());
  EXPECT_TRUE(verifier) << verifier.error().text;
  const auto user = (*verifier)->user_of(token, kNow);
  EXPECT_EQ(ERR_peek_error(),
            0U);  // TLS on this thread would take it for its own.
  return user ? user->name : std::string(name_of(user.error()));
}

const Signer& ed25519() {
  static const Signer signer(Signer::Kind::ed25519, "k1");
  return signer;
}
std::string judged(std::string_view claims, TokenRules rules = kRules) {
  return judged(ed25519(), ed25519().token(claims), std::move(rules));
}

TEST(Token, EveryKindOfKey) {
  for (const auto kind : {Signer::Kind::rsa, Signer::Kind::p256, Signer::Kind::ed25519}) {
    const Signer signer(kind, "key");
    const std::string token = signer.token(claims());
    EXPECT_EQ(judged(signer, token), "ada@example.org");
    EXPECT_EQ(judged(Signer(kind, "key"), token), "bad_signature");
    EXPECT_EQ(judged(Signer(kind, "other"), token), "unknown_key");
    // Without an id, every key of the kind is tried.
    const std::string anonymous =
        signer.signed_with(fmt::format(R"({{"alg":"{}"}})", signer.algorithm()), claims());
    EXPECT_EQ(judged(signer, anonymous), "ada@example.org");
    for (std::size_t i = 0; i < token.size(); i += 7) {
      std::string forged = token;
      forged[i] = forged[i] == 'A' ? 'B' : 'A';
      EXPECT_NE(judged(signer, forged), "ada@example.org") << i;
    }
  }
}

TEST(Token, NoOtherAlgorithm) {
  const Signer rsa(Signer::Kind::rsa, "k");
  const std::string body = base64url(claims());
  EXPECT_EQ(judged(rsa, base64url(R"({"alg":"none"})") + "." + body + "."), "unsupported");
  EXPECT_EQ(judged(rsa, base64url(R"({"alg":"None","kid":"k"})") + "." + body + "."),
            "unsupported");
  // RFC 8725 §2.1: the public key used as a shared secret.
  const std::string text = base64url(R"({"alg":"HS256","kid":"k"})") + "." + body;
  EXPECT_EQ(judged(rsa, text + "." + base64url(view(hmac(rsa.key_set(), text)))), "unsupported");
  // A known algorithm, but not that of the key.
  EXPECT_EQ(judged(rsa, rsa.signed_with(R"({"alg":"ES256","kid":"k"})", claims())), "unknown_key");
  EXPECT_EQ(judged(rsa, rsa.signed_with(R"({"alg":"RS256","kid":"k","crit":["b64"]})", claims())),
            "unsupported");
  EXPECT_EQ(judged(rsa, rsa.signed_with(R"({"alg":"RS256","typ":"logout+jwt"})", claims())),
            "unsupported");
  EXPECT_EQ(judged(rsa, rsa.signed_with(R"({"alg":"RS256","typ":"application/at+JWT"})", claims())),
            "ada@example.org");
}

TEST(Token, ClaimsHaveToBeRight) {
  EXPECT_EQ(judged(claims()), "ada@example.org");
  EXPECT_EQ(judged(claims("", "iss")), "wrong_issuer");
  EXPECT_EQ(judged(claims(R"(,"iss":"https://id.example.org/")", "iss")), "wrong_issuer");
  EXPECT_EQ(judged(claims("", "aud")), "wrong_audience");
  EXPECT_EQ(judged(claims(R"(,"aud":"mailx")", "aud")), "wrong_audience");
  EXPECT_EQ(judged(claims(R"(,"aud":["other","mail"])", "aud")), "ada@example.org");
  EXPECT_EQ(judged(claims(R"(,"aud":[["mail"]])", "aud")), "wrong_audience");
  EXPECT_EQ(judged(claims("", "email")), "no_user");
  EXPECT_EQ(judged(claims(R"(,"email":["ada@example.org"])", "email")), "no_user");
  EXPECT_EQ(judged(claims(R"(,"email_verified":true)")), "ada@example.org");
  EXPECT_EQ(judged(claims(R"(,"email_verified":false)")), "no_user");
  EXPECT_EQ(judged(claims(R"(,"email_verified":"true")")), "no_user");
  TokenRules rules = kRules;
  rules.user_claim = "preferred_username";
  EXPECT_EQ(judged(claims(R"(,"preferred_username":"ada","email_verified":false)"), rules), "ada");
}

TEST(Token, HasItsTime) {
  const auto at = [](std::string_view exp) { return judged(claims(exp, "exp")); };
  EXPECT_EQ(at(""), "expired");  // One that lives for ever.
  EXPECT_EQ(at(R"(,"exp":"1800000300")"), "expired");
  EXPECT_EQ(at(R"(,"exp":1800000000)"), "ada@example.org");
  EXPECT_EQ(at(R"(,"exp":1799999941)"), "ada@example.org");
  EXPECT_EQ(at(R"(,"exp":1799999940)"), "expired");
  EXPECT_EQ(at(R"(,"exp":1800000000.5)"), "ada@example.org");
  EXPECT_EQ(at(R"(,"exp":1e300)"), "ada@example.org");
  EXPECT_EQ(at(R"(,"exp":-1)"), "expired");
  EXPECT_EQ(judged(claims(R"(,"nbf":1800000060)")), "ada@example.org");
  EXPECT_EQ(judged(claims(R"(,"nbf":1800000061)")), "not_yet_valid");
  EXPECT_EQ(judged(claims(R"(,"nbf":"now")")), "malformed");
}

TEST(Token, HasAScopeWhereOneIsNeeded) {
  TokenRules rules = kRules;
  rules.scope = "imap";
  EXPECT_EQ(judged(claims(), rules), "insufficient_scope");
  EXPECT_EQ(judged(claims(R"(,"scope":"openid imaps ")"), rules), "insufficient_scope");
  EXPECT_EQ(judged(claims(R"(,"scope":"openid imap email")"), rules), "ada@example.org");
  EXPECT_EQ(judged(claims(R"(,"scp":["a","imap"])"), rules), "ada@example.org");
  EXPECT_EQ(judged(claims(R"(,"scp":"imap")"), rules), "ada@example.org");
}

TEST(Token, MalformedOnes) {
  const Signer& signer = ed25519();
  const std::string good = signer.token(claims());
  for (const std::string& bad :
       {std::string(), std::string("a"), std::string("a.b"), std::string(".."), good + ".",
        good + "=", "x" + good, good.substr(1), good + good, signer.signed_with("[]", claims()),
        signer.signed_with("{", claims()), signer.signed_with(R"({"alg":"EdDSA"})", "[]"),
        std::string(10'000, 'a')})
    EXPECT_NE(judged(signer, bad), "ada@example.org") << bad;
  EXPECT_EQ(judged(signer, signer.signed_with(R"({"alg":"EdDSA"})", "{")), "malformed");
  std::string deep(1000, '[');
  EXPECT_EQ(judged(signer, signer.signed_with(R"({"alg":"EdDSA"})", "{\"a\":" + deep)),
            "malformed");
}

TEST(KeySetTest, TakesWhatItCanUse) {
  const Signer rsa(Signer::Kind::rsa, "r");
  const Signer small(Signer::Kind::small_rsa, "s");
  const auto parsed = KeySet::parse(R"({"keys":[)" + rsa.key() + "," + small.key() +
                                    R"(,{"kty":"oct","k":"AAAA"},{"kty":"EC","crv":"P-521"},
      {"kty":"RSA","use":"enc","n":"AQAB","e":"AQAB"},1,{},)" +
                                    ed25519().key() + "]}");
  ASSERT_TRUE(parsed) << parsed.error().text;
  EXPECT_EQ(parsed->size(), 2U);
  for (const std::string& bad :
       {std::string(), std::string("{}"), std::string("[]"), std::string(R"({"keys":{}})"),
        std::string(R"({"keys":[]})"), small.key_set(),
        std::string(R"({"keys":[{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}]})"),
        // A point that is not on the curve.
        R"({"keys":[{"kty":"EC","crv":"P-256","x":")" + base64url(std::string(32, '\1')) +
            R"(","y":")" + base64url(std::string(32, '\1')) + R"("}]})",
        std::string(2 << 20, ' ')})
    EXPECT_FALSE(KeySet::parse(bad)) << bad.substr(0, 100);
  EXPECT_EQ(ERR_peek_error(), 0U);
}

TEST(KeySetTest, Base64Url) {
  EXPECT_EQ(base64url_decode("-_-_"), "\xfb\xff\xbf");
  EXPECT_EQ(base64url_decode(""), "");
  EXPECT_EQ(base64url_decode("YQ"), "a");
  for (const char* bad : {"YQ==", "Y", "a+b/", "YR", "Y Q"}) EXPECT_FALSE(base64url_decode(bad));
}

}  // namespace
}  // namespace posthorn::auth
