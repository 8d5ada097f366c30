#include "auth/sasl/sasl.h"

#include <gtest/gtest.h>

#include "auth/token/test_signer.h"

namespace posthorn::auth {
namespace {

using namespace std::string_literals;

std::unique_ptr<Mechanism> make(std::string_view name, const SaslPolicy& policy) {
  auto made = make_mechanism(name, {.plaintext = Plaintext::allowed}, policy);
  EXPECT_TRUE(made.has_value()) << name;
  return std::move(*made);
}

std::optional<Refusal> refusal(const Step& step) {
  const auto* failed = std::get_if<Failed>(&step);
  return failed ? std::optional(failed->why) : std::nullopt;
}

class Plain : public testing::Test {
 protected:
  Step send(std::string_view message) {
    mechanism_ = make("plain", policy_);
    return mechanism_->begin(message);
  }
  SaslPolicy policy_;
  std::unique_ptr<Mechanism> mechanism_;
};

TEST_F(Plain, AsksForAVerdictAndFollowsIt) {
  Step step = send("\0anna\0secret"s);
  ASSERT_TRUE(std::holds_alternative<NeedVerdict>(step));
  EXPECT_EQ(std::get<NeedVerdict>(step).user, "anna");
  EXPECT_EQ(std::get<NeedVerdict>(step).password.reveal(), "secret");
  step = mechanism_->provide_verdict(Verdict::accepted);
  ASSERT_TRUE(std::holds_alternative<Done>(step));
  EXPECT_EQ(std::get<Done>(step).user, "anna");
  EXPECT_EQ(std::get<Done>(step).act_as, "anna");

  EXPECT_TRUE(std::holds_alternative<NeedVerdict>(send("\0anna\0wrong"s)));
  EXPECT_EQ(refusal(mechanism_->provide_verdict(Verdict::refused)), Refusal::wrong_credentials);
}

TEST_F(Plain, AsksWithAnEmptyChallengeWhenNothingCameFirst) {
  mechanism_ = make("PLAIN", policy_);
  Step step = mechanism_->begin(std::nullopt);
  ASSERT_TRUE(std::holds_alternative<Challenge>(step));
  EXPECT_EQ(std::get<Challenge>(step).bytes, "");
  step = mechanism_->respond("\0anna\0secret"s);
  EXPECT_TRUE(std::holds_alternative<NeedVerdict>(step));
}

// RFC 4954 §4: an empty response is a response, which is not a valid message of the mechanism.
TEST_F(Plain, AnEmptyInitialResponseFailsWithEveryMechanism) {
  for (const char* const name : {"PLAIN", "LOGIN", "SCRAM-SHA-256"}) {
    mechanism_ = make(name, policy_);
    EXPECT_EQ(refusal(mechanism_->begin("")), Refusal::malformed) << name;
    EXPECT_EQ(refusal(mechanism_->respond("\0anna\0secret"s)), Refusal::malformed) << name;
  }
}

TEST_F(Plain, RefusesWhatIsNoMessage) {
  for (const auto& message :
       {"anna"s, "\0anna"s, "\0anna\0"s, "\0\0secret"s, "\0anna\0sec\0ret"s, "\0an\xffna\0secret"s,
        "\0"s + std::string(256, 'u') + "\0pw"s, "\0u\0"s + std::string(1025, 'p'),
        std::string(kMaxResponseOctets + 1, 'x'), "\0an\x07na\0secret"s}) {
    EXPECT_EQ(refusal(send(message)), Refusal::malformed) << message;
  }
  // RFC 4616 §2: 255 octets must be accepted for each.
  const std::string name(255, 'u');
  EXPECT_TRUE(
      std::holds_alternative<NeedVerdict>(send(name + '\0' + name + '\0' + std::string(255, 'p'))));
}

TEST_F(Plain, SaysAsWhomTheUserWantsToAct) {
  send("\0anna\0secret"s);
  Step step = mechanism_->provide_verdict(Verdict::accepted);
  EXPECT_EQ(std::get<Done>(step).act_as, "anna");
  send("bob\0admin\0secret"s);
  step = mechanism_->provide_verdict(Verdict::accepted);
  EXPECT_EQ(std::get<Done>(step).act_as, "bob");
  EXPECT_EQ(std::get<Done>(step).user, "admin");
  send("bob\0admin\0secret"s);
  EXPECT_EQ(refusal(mechanism_->provide_verdict(Verdict::refused)), Refusal::wrong_credentials);
}

TEST(Login, PromptsForBoth) {
  const SaslPolicy policy;
  const auto mechanism = make("LOGIN", policy);
  Step step = mechanism->begin(std::nullopt);
  EXPECT_EQ(std::get<Challenge>(step).bytes, "Username:");
  step = mechanism->respond("anna@example.org");
  EXPECT_EQ(std::get<Challenge>(step).bytes, "Password:");
  step = mechanism->respond("secret");
  EXPECT_EQ(std::get<NeedVerdict>(step).user, "anna@example.org");
  EXPECT_EQ(std::get<NeedVerdict>(step).password.reveal(), "secret");
  step = mechanism->provide_verdict(Verdict::accepted);
  EXPECT_EQ(std::get<Done>(step).act_as, "anna@example.org");
}

TEST(Login, TakesTheNameAsInitialResponse) {
  const SaslPolicy policy;
  const auto mechanism = make("login", policy);
  EXPECT_EQ(std::get<Challenge>(mechanism->begin("anna")).bytes, "Password:");
  EXPECT_EQ(std::get<NeedVerdict>(mechanism->respond("pw")).user, "anna");
}

TEST(Login, RefusesEmptyAnswers) {
  const SaslPolicy policy;
  const auto no_name = make("login", policy);
  std::ignore = no_name->begin(std::nullopt);
  EXPECT_EQ(refusal(no_name->respond("")), Refusal::malformed);
  const auto no_password = make("login", policy);
  std::ignore = no_password->begin("anna");
  EXPECT_EQ(refusal(no_password->respond("")), Refusal::malformed);
}

TEST(Mechanism, FailsForGoodOutOfTurn) {
  const SaslPolicy policy;
  for (const std::string_view name : {"PLAIN", "LOGIN", "SCRAM-SHA-256"}) {
    const auto early = make(name, policy);
    EXPECT_TRUE(refusal(early->respond("\0anna\0secret"s))) << name;
    EXPECT_TRUE(refusal(early->begin(std::nullopt))) << name;
    const auto guessed = make(name, policy);
    std::ignore = guessed->begin(std::nullopt);
    EXPECT_TRUE(refusal(guessed->provide_verdict(Verdict::accepted))) << name;
    EXPECT_TRUE(refusal(guessed->respond("\0anna\0secret"s))) << name;
  }
  const auto plain = make("PLAIN", policy);
  std::ignore = plain->begin("\0anna\0secret"s);
  std::ignore = plain->provide_verdict(Verdict::refused);
  EXPECT_TRUE(refusal(plain->provide_verdict(Verdict::accepted)));
}

TEST(Offer, DependsOnTheConnection) {
  using Names = std::vector<std::string_view>;
  using Secrecy = Channel::Secrecy;
  const SaslPolicy policy;
  const Channel clear;
  const Channel password{.plaintext = Plaintext::allowed};
  EXPECT_EQ(offered_mechanisms(clear, policy), Names{"SCRAM-SHA-256"});
  EXPECT_EQ(offered_mechanisms({Secrecy::tls, Plaintext::allowed, {"ex", ""}}, policy),
            (Names{"SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "PLAIN", "LOGIN"}));
  EXPECT_EQ(make_mechanism("PLAIN", clear, policy).error().kind, ErrorKind::no_permission);
  EXPECT_EQ(make_mechanism("CRAM-MD5", password, policy).error().kind, ErrorKind::not_supported);
  EXPECT_EQ(make_mechanism("SCRAM-SHA-256-PLUS", password, policy).error().kind,
            ErrorKind::not_supported);
  EXPECT_TRUE(make_mechanism("scram-sha-256-plus", {.bindings = {"", "x"}}, policy));
}

TEST(Offer, TokensAreTakenUnderTlsAndByAVerifierOnly) {
  using Names = std::vector<std::string_view>;
  SaslPolicy policy;
  const Channel tls{.secrecy = Channel::Secrecy::tls};
  EXPECT_EQ(offered_mechanisms(tls, policy), Names{"SCRAM-SHA-256"});
  policy.tokens = std::make_shared<TokenPlace>();
  EXPECT_EQ(offered_mechanisms(tls, policy), Names{"SCRAM-SHA-256"});
  EXPECT_EQ(make_mechanism("OAUTHBEARER", tls, policy).error().kind, ErrorKind::not_supported);
  const test::Signer signer(test::Signer::Kind::ed25519, "k");
  policy.tokens->set(*TokenVerifier::make({.issuer = "i", .audience = "a"}, signer.key_set()));
  EXPECT_EQ(offered_mechanisms(tls, policy), (Names{"SCRAM-SHA-256", "OAUTHBEARER", "XOAUTH2"}));
  EXPECT_TRUE(make_mechanism("xoauth2", tls, policy));
  const Channel clear{.plaintext = Plaintext::allowed};
  EXPECT_EQ(make_mechanism("OAUTHBEARER", clear, policy).error().kind, ErrorKind::no_permission);
  EXPECT_EQ(offered_mechanisms(clear, policy), (Names{"SCRAM-SHA-256", "PLAIN", "LOGIN"}));
}

}  // namespace
}  // namespace posthorn::auth
