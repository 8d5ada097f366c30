#include "auth/sasl/bearer.h"

#include <gtest/gtest.h>

namespace posthorn::auth {
namespace {

using namespace std::string_literals;

class BearerTest : public testing::Test {
 protected:
  Step send(BearerMechanism::Variant variant, std::string_view response) {
    mechanism_ = std::make_unique<BearerMechanism>(variant);
    return mechanism_->begin(response);
  }
  Step oauth(std::string_view response) {
    return send(BearerMechanism::Variant::oauthbearer, response);
  }
  Step xoauth2(std::string_view response) {
    return send(BearerMechanism::Variant::xoauth2, response);
  }
  static void expect_token(const Step& step, std::string_view claimed, std::string_view token) {
    const auto* need = std::get_if<NeedToken>(&step);
    ASSERT_NE(need, nullptr);
    EXPECT_EQ(need->claimed, claimed);
    EXPECT_EQ(need->token.reveal(), token);
  }
  static std::string challenge(const Step& step) {
    const auto* said = std::get_if<Challenge>(&step);
    return said ? said->bytes : "none";
  }
  static bool is_refused(const Step& step, Refusal why) {
    const auto* failed = std::get_if<Failed>(&step);
    return failed != nullptr && failed->why == why;
  }
  std::unique_ptr<BearerMechanism> mechanism_;
};

// RFC 7628 §4.1.
TEST_F(BearerTest, UnderstandsBothForms) {
  expect_token(oauth("n,a=user@example.com,\1host=server.example.com\1port=143\1"
                     "auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\1\1"),
               "user@example.com", "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==");
  expect_token(oauth("n,,\1auth=bEARER  abc \1\1"), "", "abc");
  expect_token(oauth("y,a=a=2Cb=3D,\1auth=Bearer abc\1\1"), "a,b=", "abc");
  expect_token(xoauth2("user=ada@example.org\1auth=Bearer abc\1\1"), "ada@example.org", "abc");
}

TEST_F(BearerTest, RefusesWhatIsNeither) {
  for (const auto& bad :
       {"\1"s, "n,,"s, "n,,\1"s, "n,,\1\1"s, "n,,\1auth=Bearer abc\1"s, "n,,\1auth=Basic abc\1\1"s,
        "n,a=,\1auth=Bearer abc\1\1"s, "n,u=x,\1auth=Bearer abc\1\1"s,
        "n,a=x=2,\1auth=Bearer abc\1\1"s, "p=tls-exporter,,\1auth=Bearer abc\1\1"s,
        "n,,\1auth=Bearer abc\1\1x"s, "n,,auth=Bearer abc\1\1"s, "n,,\1=x\1\1"s})
    EXPECT_TRUE(is_refused(oauth(bad), Refusal::malformed)) << bad;
  for (const auto& bad : {"user=ada\1\1"s, "auth=Bearer abc\1\1"s, "user=\1auth=Bearer abc\1\1"s,
                          "user=ada\1auth=abc\1\1"s, "n,,\1auth=Bearer abc\1\1"s,
                          "user=" + std::string(20'000, 'x') + "\1auth=Bearer abc\1\1"})
    EXPECT_TRUE(is_refused(xoauth2(bad), Refusal::malformed)) << bad.substr(0, 50);
}

TEST_F(BearerTest, TheTokenSaysWhoItIs) {
  oauth("n,a=Ada@example.org,\1auth=Bearer abc\1\1");
  Step step = mechanism_->provide_token("ada@example.org");
  ASSERT_TRUE(std::holds_alternative<Done>(step));
  EXPECT_EQ(std::get<Done>(step).user, "ada@example.org");
  oauth("n,a=bob@example.org,\1auth=Bearer abc\1\1");
  step = mechanism_->provide_token("ada@example.org");
  EXPECT_EQ(std::get<Done>(step).user, "ada@example.org");
  EXPECT_EQ(std::get<Done>(step).act_as, "bob@example.org");
}

// RFC 7628 §3.2.2, §3.2.3.
TEST_F(BearerTest, SaysWhyNotAndWaitsForAnAnswer) {
  const TokenRefusal refusal{"invalid_token", "mail",
                             "https://id/.well-known/openid-configuration"};
  for (const char* answer : {"\1", "", "anything"}) {
    oauth("n,,\1auth=Bearer abc\1\1");
    EXPECT_EQ(challenge(mechanism_->provide_token(std::unexpected(refusal))),
              R"({"status":"invalid_token","scope":"mail",)"
              R"("openid-configuration":"https://id/.well-known/openid-configuration"})");
    EXPECT_TRUE(is_refused(mechanism_->respond(answer), Refusal::wrong_token));
  }
  xoauth2("user=ada\1auth=Bearer abc\1\1");
  EXPECT_EQ(challenge(mechanism_->provide_token(std::unexpected(refusal))),
            R"({"status":"401","schemes":"bearer","scope":"mail"})");
  EXPECT_TRUE(is_refused(mechanism_->respond(""), Refusal::wrong_token));
}

TEST_F(BearerTest, AnEmptyTokenAsksWhatIsNeeded) { expect_token(oauth("n,,\1auth=\1\1"), "", ""); }

}  // namespace
}  // namespace posthorn::auth
