#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "auth/token/answers.h"
#include "auth/token/test_signer.h"
#include "auth/token/token.h"

using namespace posthorn::auth;

/// No input is accepted as a token, since none is signed by the issuer; and no input makes a key
/// set with more keys than it contains.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const test::Signer signer(test::Signer::Kind::ed25519, "k");
  static const auto verifier =
      *TokenVerifier::make({.issuer = "i", .audience = "a"}, signer.key_set());
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  if (verifier->user_of(input, posthorn::Timestamp{1'800'000'000})) std::abort();
  // The same claims with a valid signature: no crash for any content.
  (void)verifier->user_of(signer.signed_with(R"({"alg":"EdDSA"})", input.substr(0, 2000)),
                          posthorn::Timestamp{1'800'000'000});
  (void)verifier->user_of(signer.signed_with(input.substr(0, 2000), "{}"),
                          posthorn::Timestamp{1'800'000'000});
  (void)KeySet::parse(input);
  (void)parse_metadata(input, "i");
  (void)parse_introspection(input, verifier->rules(), posthorn::Timestamp{1'800'000'000});
  return 0;
}
