#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "auth/sasl/sasl.h"
#include "auth/sasl/saslprep.h"
#include "auth/token/test_signer.h"

using namespace posthorn::auth;

namespace {

const ScramKeys kKeys = derive_keys("pencil", "0123456789abcdef", 1);

std::shared_ptr<TokenPlace> make_tokens() {
  auto tokens = std::make_shared<TokenPlace>();
  const test::Signer signer(test::Signer::Kind::ed25519, "k");
  tokens->set(*TokenVerifier::make({.issuer = "i", .audience = "a"}, signer.key_set()));
  return tokens;
}

/// Answers a mechanism's requests like a server that has no user with a known password.
Step settle(Mechanism& mechanism, Step step) {
  if (std::holds_alternative<NeedKeys>(step)) {
    const std::string& user = std::get<NeedKeys>(step).user;
    step = mechanism.provide_keys(user == "user" ? std::optional(kKeys) : std::nullopt);
  } else if (std::holds_alternative<NeedVerdict>(step)) {
    if (std::get<NeedVerdict>(step).user.empty()) std::abort();
    step = mechanism.provide_verdict(Verdict::refused);
  } else if (std::holds_alternative<NeedToken>(step)) {
    step = mechanism.provide_token(std::unexpected(TokenRefusal{"invalid_token", "mail", "url"}));
  }
  if (std::holds_alternative<Done>(step)) std::abort();
  return step;
}

}  // namespace

/// Whatever a client sends, in any number of responses (split at 0xFE), it is not authenticated
/// without the password, and the exchange ends.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  constexpr std::string_view kNames[] = {
      "PLAIN", "LOGIN", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS", "OAUTHBEARER", "XOAUTH2"};
  static const SaslPolicy policy{.decoy_key = "secret", .tokens = make_tokens()};
  auto made =
      make_mechanism(kNames[data[0] % 6],
                     {.secrecy = Channel::Secrecy::tls,
                      .plaintext = Plaintext::allowed,
                      .bindings = {.exporter = data[0] & 16 ? "exporter" : "", .end_point = "end"}},
                     policy);
  if (!made) std::abort();
  Mechanism& mechanism = **made;
  std::string_view rest(reinterpret_cast<const char*>(data + 1), size - 1);
  Step step = settle(mechanism, mechanism.begin(std::nullopt));
  for (int i = 0; i < 8 && std::holds_alternative<Challenge>(step); ++i) {
    const std::size_t cut = rest.find('\xfe');
    step = settle(mechanism, mechanism.respond(rest.substr(0, cut)));
    rest = cut == std::string_view::npos ? std::string_view() : rest.substr(cut + 1);
  }
  if (std::holds_alternative<Challenge>(step)) std::abort();
  return 0;
}
