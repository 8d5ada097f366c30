#include "auth/sasl/sasl_client.h"

#include <gtest/gtest.h>

#include "auth/sasl/scram.h"
#include "auth/sasl/scram_client.h"
#include "text/base64.h"

namespace posthorn::auth {
namespace {

using namespace std::string_literals;
using Names = std::vector<std::string>;
using Variant = ScramMechanism::Variant;
using Binding = ScramClient::Binding;

std::string chosen(const Names& offered, Plaintext plaintext, ChannelBindings bindings = {}) {
  const Login login{"ann", Secret("pw")};
  const auto mechanism = choose_mechanism(offered, login, plaintext, std::move(bindings));
  return mechanism ? std::string(mechanism->name()) : "none";
}

TEST(ChooseMechanism, TakesTheBest) {
  const Names all{"LOGIN", "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS", "CRAM-MD5"};
  EXPECT_EQ(chosen(all, Plaintext::allowed, {"exporter", ""}), "SCRAM-SHA-256-PLUS");
  EXPECT_EQ(chosen(all, Plaintext::allowed), "SCRAM-SHA-256");
  EXPECT_EQ(chosen({"LOGIN", "PLAIN"}, Plaintext::allowed), "PLAIN");
  EXPECT_EQ(chosen({"LOGIN"}, Plaintext::allowed), "LOGIN");
  EXPECT_EQ(chosen({"LOGIN", "PLAIN"}, Plaintext::refused), "none");
  EXPECT_EQ(chosen(all, Plaintext::refused), "SCRAM-SHA-256");
  EXPECT_EQ(chosen({"CRAM-MD5"}, Plaintext::allowed), "none");
}

TEST(SaslClient, SpeaksPlain) {
  const Login login{"ann", Secret("p w")};
  const auto plain = choose_mechanism(Names{"PLAIN"}, login, Plaintext::allowed, {});
  EXPECT_FALSE(plain->is_complete());
  EXPECT_EQ(plain->initial()->reveal(), "\0ann\0p w"s);
  EXPECT_TRUE(plain->is_complete());
  EXPECT_FALSE(plain->respond("more"));
}

TEST(SaslClient, SpeaksLogin) {
  const Login login{"ann", Secret("pw")};
  const auto mechanism = choose_mechanism(Names{"LOGIN"}, login, Plaintext::allowed, {});
  EXPECT_FALSE(mechanism->initial());
  EXPECT_EQ(mechanism->respond("Username:")->reveal(), "ann");
  EXPECT_FALSE(mechanism->is_complete());
  EXPECT_EQ(mechanism->respond("Password:")->reveal(), "pw");
  EXPECT_TRUE(mechanism->is_complete());
  EXPECT_FALSE(mechanism->respond("And?"));
}

class ScramClientTest : public testing::Test {
 protected:
  /// Performs an exchange with the server side. Returns whether both sides accept each other.
  bool agree(Binding binding, Variant variant, ChannelBindings server, std::string client_binding,
             std::string_view server_password = "pencil") {
    ScramClient client(login_, binding, std::move(client_binding), "fyko+d2lbbFgONRv9qkxdawL");
    ScramMechanism mechanism(variant, std::move(server), policy_, "3rfcNHYJY1ZVvWVs7j");
    const Secret initial = std::move(*client.initial());
    Step step = mechanism.begin(initial.reveal());
    if (!std::holds_alternative<NeedKeys>(step)) return false;
    EXPECT_EQ(std::get<NeedKeys>(step).user, login_.user);
    step = mechanism.provide_keys(derive_keys(server_password, "some salt", 4096));
    while (const auto* challenge = std::get_if<Challenge>(&step)) {
      auto answer = client.respond(challenge->bytes);
      if (!answer) return false;
      step = mechanism.respond(answer->reveal());
    }
    return std::holds_alternative<Done>(step) && client.is_complete();
  }
  Login login_{"a=n,n", Secret("pencil")};
  SaslPolicy policy_{.decoy_key = "server secret"};
};

TEST_F(ScramClientTest, AgreesWithTheServerSide) {
  EXPECT_TRUE(agree(Binding::none, Variant::bare, {}, ""));
  EXPECT_TRUE(agree(Binding::used, Variant::plus, {"data", "x"}, "data"));
  EXPECT_FALSE(agree(Binding::used, Variant::plus, {"data", "x"}, "other"));
  EXPECT_TRUE(agree(Binding::not_offered, Variant::bare, {}, ""));
  // RFC 5802 §6: the server has channel bindings, but the client was told that it has none.
  EXPECT_FALSE(agree(Binding::not_offered, Variant::bare, {"data", ""}, ""));
  EXPECT_FALSE(agree(Binding::none, Variant::bare, {}, "", "Pencil"));
}

// RFC 7677 §3, word for word.
TEST(ScramClientExample, IsFollowed) {
  const Login login{"user", Secret("pencil")};
  ScramClient client(login, Binding::none, "", "rOprNGfwEbeRWgbNEkqO");
  EXPECT_EQ(client.initial()->reveal(), "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
  EXPECT_EQ(client
                .respond("r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
                         "s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096")
                ->reveal(),
            "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
            "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
  EXPECT_FALSE(client.is_complete());
  EXPECT_TRUE(client.respond("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="));
  EXPECT_TRUE(client.is_complete());
  EXPECT_FALSE(client.respond(""));
}

TEST(ScramClientExample, BelievesNoServerWithoutProof) {
  const Login login{"user", Secret("pencil")};
  for (const char* last :
       {"", "v=", "e=other-error", "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G5="}) {
    ScramClient client(login, Binding::none, "", "rOprNGfwEbeRWgbNEkqO");
    std::ignore = client.initial();
    ASSERT_TRUE(client.respond("r=rOprNGfwEbeRWgbNEkqO%hv,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"));
    const auto answer = client.respond(last);
    ASSERT_FALSE(answer) << last;
    EXPECT_EQ(answer.error().kind, ErrorKind::auth_failed);
    EXPECT_FALSE(client.is_complete());
  }
}

TEST(ScramClientExample, RefusesMalformedMessages) {
  const Login login{"user", Secret("pencil")};
  for (const char* first :
       {"", "r=abc", "r=abc,s=AAAA,i=4096", "r=abcd,s=,i=4096", "r=abcd,s=AAAA,i=0",
        "r=abcd,s=AAAA,i=1000001", "r=abcd,s=AAAA,i=-5", "r=abcd,s=AAAA,i=4096x",
        "r=xabcd,s=AAAA,i=1", "m=x,r=abcd,s=AAAA,i=4096", "r=abcd,s=!,i=4096",
        "r=abcd,i=4096,s=AAAA"}) {
    ScramClient client(login, Binding::none, "", "abc");
    std::ignore = client.initial();
    const auto answer = client.respond(first);
    ASSERT_FALSE(answer) << first;
    EXPECT_EQ(answer.error().kind, ErrorKind::syntax);
  }
}

}  // namespace
}  // namespace posthorn::auth
