#include "auth/sasl/scram.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include "text/base64.h"

namespace posthorn::auth {
namespace {

using namespace std::string_literals;
using Variant = ScramMechanism::Variant;

constexpr std::string_view kClientNonce = "rOprNGfwEbeRWgbNEkqO";
constexpr std::string_view kServerNonce = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
constexpr std::string_view kFirst = "n,,n=user,r=rOprNGfwEbeRWgbNEkqO";
constexpr std::string_view kFinal =
    "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
    "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";

std::optional<Refusal> refusal(const Step& step) {
  const auto* failed = std::get_if<Failed>(&step);
  return failed ? std::optional(failed->why) : std::nullopt;
}

std::string challenge(const Step& step) {
  const auto* sent = std::get_if<Challenge>(&step);
  return sent ? sent->bytes : "no challenge";
}

ScramKeys example_keys() {
  return derive_keys("pencil", *text::base64_decode("W22ZaJ0SNY7soEsUEjb6gQ=="), 4096);
}

class Scram : public testing::Test {
 protected:
  void start(Variant variant = Variant::bare, ChannelBindings bindings = {}) {
    mechanism_ = std::make_unique<ScramMechanism>(variant, std::move(bindings), policy_,
                                                  std::string(kServerNonce));
  }
  /// The final message of a client that knows `password` (RFC 5802 §3).
  std::string client_final(std::string_view first_bare, std::string_view server_first,
                           std::string_view binding_input, std::string_view password) {
    const std::string_view nonce = server_first.substr(2, server_first.find(',') - 2);
    const std::string without = fmt::format("c={},r={}", text::base64_encode(binding_input), nonce);
    const std::size_t salt_at = server_first.find(",s=") + 3;
    const std::size_t count_at = server_first.find(",i=");
    const auto salt = text::base64_decode(server_first.substr(salt_at, count_at - salt_at));
    const auto iterations =
        static_cast<std::uint32_t>(std::stoul(std::string(server_first.substr(count_at + 3))));
    const Hash salted = salted_password(password, *salt, iterations);
    const Hash client_key = hmac(view(salted), "Client Key");
    const Hash signature = hmac(view(sha256(view(client_key))),
                                fmt::format("{},{},{}", first_bare, server_first, without));
    return without + ",p=" + text::base64_encode(view(client_key ^ signature));
  }
  /// Performs a client's exchange. Returns the step after its last message.
  Step run(std::string_view gs2, std::string_view bare, std::string_view binding,
           std::string_view password) {
    Step step = mechanism_->begin(std::string(gs2) + std::string(bare));
    if (!std::holds_alternative<NeedKeys>(step)) return step;
    step = mechanism_->provide_keys(example_keys());
    const std::string server_first = challenge(step);
    step = mechanism_->respond(
        client_final(bare, server_first, std::string(gs2) + std::string(binding), password));
    if (!std::holds_alternative<Challenge>(step)) return step;
    return mechanism_->respond("");
  }
  SaslPolicy policy_{.decoy_key = "server secret"};
  std::unique_ptr<ScramMechanism> mechanism_;
};

// RFC 7677 §3, word for word.
TEST_F(Scram, DoesTheExample) {
  start();
  Step step = mechanism_->begin(kFirst);
  ASSERT_TRUE(std::holds_alternative<NeedKeys>(step));
  EXPECT_EQ(std::get<NeedKeys>(step).user, "user");
  step = mechanism_->provide_keys(example_keys());
  EXPECT_EQ(challenge(step),
            "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
            "s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096");
  step = mechanism_->respond(kFinal);
  EXPECT_EQ(challenge(step), "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
  step = mechanism_->respond("");
  ASSERT_TRUE(std::holds_alternative<Done>(step));
  EXPECT_EQ(std::get<Done>(step).user, "user");
}

TEST_F(Scram, FailsWhenAnyByteOfTheLastMessageIsChanged) {
  for (std::size_t i = 0; i < kFinal.size(); ++i) {
    for (const char change : {1, 2, 32}) {
      start();
      std::ignore = mechanism_->begin(kFirst);
      std::ignore = mechanism_->provide_keys(example_keys());
      std::string tampered(kFinal);
      tampered[i] = static_cast<char>(tampered[i] ^ change);
      EXPECT_TRUE(refusal(mechanism_->respond(tampered))) << i << ' ' << tampered;
    }
  }
}

TEST_F(Scram, FailsWhenAnyByteOfTheFirstMessageIsChanged) {
  for (std::size_t i = 0; i < kFirst.size(); ++i) {
    start();
    std::string tampered(kFirst);
    tampered[i] = static_cast<char>(tampered[i] ^ 1);
    Step step = mechanism_->begin(tampered);
    if (std::holds_alternative<NeedKeys>(step)) {
      std::ignore = mechanism_->provide_keys(example_keys());
      step = mechanism_->respond(kFinal);
    }
    EXPECT_TRUE(refusal(step)) << tampered;
  }
}

TEST_F(Scram, FailsWhenCutShort) {
  for (std::size_t length = 0; length < kFinal.size(); ++length) {
    start();
    std::ignore = mechanism_->begin(kFirst);
    std::ignore = mechanism_->provide_keys(example_keys());
    EXPECT_TRUE(refusal(mechanism_->respond(kFinal.substr(0, length)))) << length;
  }
}

TEST_F(Scram, RefusesMalformedFirstMessages) {
  for (const auto& first : {"n"s,
                            "n,"s,
                            "n,,"s,
                            "n,n=user,r=abc"s,
                            "x,,n=user,r=abc"s,
                            "p=,,n=user,r=abc"s,
                            "n,b=x,n=user,r=abc"s,
                            "n,,n=,r=abc"s,
                            "n,,n=user"s,
                            "n,,n=user,r="s,
                            "n,,r=abc,n=user"s,
                            "n,,m=must,n=user,r=abc"s,
                            "n,,n=user,r=abc,m=must"s,
                            "n,,n=user,r=abc,"s,
                            "n,,n=user,r=abc,1=x"s,
                            "n,,n=user,r=abc,xx"s,
                            "n,,n=us=er,r=abc"s,
                            "n,,n=us=2cer,r=abc"s,
                            "n,,n=us\0er,r=abc"s,
                            "n,,n=us\xff"
                            "er,r=abc"s,
                            "n,,n=user,r=a c"s,
                            "n,a=,n=user,r=abc"s,
                            "N,,n=user,r=abc"s,
                            "nn,,n=user,r=abc"s}) {
    start();
    EXPECT_EQ(refusal(mechanism_->begin(first)), Refusal::malformed) << first;
  }
}

TEST_F(Scram, DecodesNamesAndIgnoresExtensions) {
  start();
  const Step step = run("n,,", "n=a=2Cb=3Dc,r=abc,x=whatever", "", "pencil");
  ASSERT_TRUE(std::holds_alternative<Done>(step));
  EXPECT_EQ(std::get<Done>(step).user, "a,b=c");
}

TEST_F(Scram, RefusesAWrongPassword) {
  start();
  EXPECT_EQ(refusal(run("n,,", "n=user,r=abc", "", "pencill")), Refusal::wrong_credentials);
}

TEST_F(Scram, SaysAsWhomTheUserWantsToAct) {
  start();
  EXPECT_EQ(std::get<Done>(run("n,a=bob,", "n=user,r=abc", "", "pencil")).act_as, "bob");
  start();
  EXPECT_TRUE(std::holds_alternative<Done>(run("n,a=user,", "n=user,r=abc", "", "pencil")));
}

TEST_F(Scram, RefusesAnythingButAnEmptyLastResponse) {
  start();
  std::ignore = mechanism_->begin(kFirst);
  std::ignore = mechanism_->provide_keys(example_keys());
  std::ignore = mechanism_->respond(kFinal);
  EXPECT_TRUE(refusal(mechanism_->respond("x")));
}

TEST_F(Scram, DoesNotTellUnknownUsersFromWrongPasswords) {
  std::string first_salt;
  for (int round = 0; round < 2; ++round) {
    start();
    std::ignore = mechanism_->begin(round == 0 ? "n,,n=nobody,r=abc" : "n,,n=Nobody,r=abc");
    const std::string server_first = challenge(mechanism_->provide_keys(std::nullopt));
    const std::string salt = server_first.substr(server_first.find(",s="));
    EXPECT_TRUE(salt.ends_with(",i=16384"));
    if (round == 0) first_salt = salt;
    EXPECT_EQ(salt, first_salt);
    EXPECT_EQ(refusal(mechanism_->respond(
                  client_final("n=nobody,r=abc", server_first, "n,,", "anything"))),
              Refusal::wrong_credentials);
  }
  start();
  std::ignore = mechanism_->begin("n,,n=somebody,r=abc");
  EXPECT_FALSE(challenge(mechanism_->provide_keys(std::nullopt)).ends_with(first_salt));
}

TEST_F(Scram, NamesOfOneUnknownUserLookAlikeAndLikeAnAccount) {
  policy_.decoy_shape = [](std::string_view user) {
    return DecoyShape{std::string(user) + (user.contains('@') ? "" : "@example.org"), 20'000};
  };
  const auto first = [&](std::string_view name) {
    start();
    std::ignore = mechanism_->begin(fmt::format("n,,n={},r=abc", name));
    const std::string said = challenge(mechanism_->provide_keys(std::nullopt));
    return said.substr(said.find(",s="));
  };
  EXPECT_EQ(first("nobody"), first("nobody@example.org"));
  EXPECT_NE(first("nobody"), first("nobody@example.net"));
  EXPECT_TRUE(first("nobody").ends_with(",i=20000"));
}

TEST_F(Scram, BindsToTheChannel) {
  start(Variant::plus, {.exporter = "exported", .end_point = "certificate"});
  EXPECT_TRUE(
      std::holds_alternative<Done>(run("p=tls-exporter,,", "n=user,r=abc", "exported", "pencil")));
  start(Variant::plus, {.exporter = "exported", .end_point = "certificate"});
  EXPECT_TRUE(std::holds_alternative<Done>(
      run("p=tls-server-end-point,,", "n=user,r=abc", "certificate", "pencil")));
}

TEST_F(Scram, RefusesAnotherChannel) {
  start(Variant::plus, {.exporter = "exported", .end_point = ""});
  EXPECT_EQ(refusal(run("p=tls-exporter,,", "n=user,r=abc", "exporteD", "pencil")),
            Refusal::binding_mismatch);
  for (const std::string_view type : {"p=tls-unique,,", "p=tls-server-end-point,,"}) {
    start(Variant::plus, {.exporter = "exported", .end_point = ""});
    EXPECT_EQ(refusal(run(type, "n=user,r=abc", "", "pencil")), Refusal::unsupported_binding);
  }
}

// RFC 5802 §6.
TEST_F(Scram, DetectsADowngrade) {
  start(Variant::bare, {.exporter = "exported", .end_point = ""});
  EXPECT_EQ(refusal(run("y,,", "n=user,r=abc", "", "pencil")), Refusal::downgrade);
  start(Variant::bare, {.exporter = "exported", .end_point = ""});  // A client without binding.
  EXPECT_TRUE(std::holds_alternative<Done>(run("n,,", "n=user,r=abc", "", "pencil")));
  start();  // Nothing to bind to: the client is right.
  EXPECT_TRUE(std::holds_alternative<Done>(run("y,,", "n=user,r=abc", "", "pencil")));
  start(Variant::plus, {.exporter = "exported", .end_point = ""});
  EXPECT_EQ(refusal(run("n,,", "n=user,r=abc", "", "pencil")), Refusal::malformed);
  start(Variant::bare, {.exporter = "exported", .end_point = ""});
  EXPECT_EQ(refusal(run("p=tls-exporter,,", "n=user,r=abc", "exported", "pencil")),
            Refusal::unsupported_binding);
  // The flag was changed in transit: it differs from the header that the client signed.
  start();
  std::ignore = mechanism_->begin("n,,n=user,r=abc");
  const std::string server_first = challenge(mechanism_->provide_keys(example_keys()));
  EXPECT_EQ(
      refusal(mechanism_->respond(client_final("n=user,r=abc", server_first, "y,,", "pencil"))),
      Refusal::binding_mismatch);
}

TEST_F(Scram, UsesAFreshNonceEachTime) {
  const auto nonce = [this] {
    auto made = make_mechanism("SCRAM-SHA-256", {}, policy_);
    std::ignore = (*made)->begin(kFirst);
    const std::string first = challenge((*made)->provide_keys(example_keys()));
    return first.substr(0, first.find(','));
  };
  const std::string one = nonce();
  EXPECT_TRUE(one.starts_with("r=" + std::string(kClientNonce)));
  EXPECT_GE(one.size(), 2 + kClientNonce.size() + 24);
  EXPECT_NE(one, nonce());
}

}  // namespace
}  // namespace posthorn::auth
