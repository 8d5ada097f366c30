#include "auth/sasl/scram_client.h"

#include <fmt/core.h>
#include <openssl/crypto.h>

#include <charconv>

#include "auth/credentials.h"
#include "auth/crypto.h"
#include "auth/sasl/saslprep.h"
#include "text/base64.h"

namespace posthorn::auth {
namespace {

constexpr std::size_t kMaxNonceOctets = 512;

/// RFC 5802 §5.1: prepared, with '=' and ',' escaped. A name that cannot be prepared is sent
/// unchanged.
std::string saslname(std::string_view user) {
  const auto prepared = saslprep(user, PrepareAs::query);
  std::string out;
  for (const char c : prepared && !prepared->empty() ? std::string_view(*prepared) : user) {
    if (c == '=') {
      out += "=3D";
    } else if (c == ',') {
      out += "=2C";
    } else {
      out += c;
    }
  }
  return out;
}

/// Returns the value of the next field, which must be this attribute; none if it is not.
std::optional<std::string_view> take(std::string_view& rest, std::string_view attribute) {
  const std::size_t end = rest.find(',');
  const std::string_view field = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  if (!field.starts_with(attribute)) return std::nullopt;
  return field.substr(attribute.size());
}

std::optional<std::uint32_t> parse_iterations(std::string_view digits) {
  std::uint32_t n = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), n);
  const bool whole = error == std::errc() && end == digits.data() + digits.size();
  return whole && n >= 1 && n <= kMaxIterations ? std::optional(n) : std::nullopt;
}

}  // namespace

ScramClient::ScramClient(const Login& login, Binding binding, std::string binding_data,
                         std::string nonce)
    : login_(login),
      binding_(binding),
      binding_data_(std::move(binding_data)),
      nonce_(std::move(nonce)) {}

std::string_view ScramClient::name() const {
  return binding_ == Binding::used ? "SCRAM-SHA-256-PLUS" : "SCRAM-SHA-256";
}

std::string_view ScramClient::gs2_header() const {
  switch (binding_) {
    case Binding::none: return "n,,";
    case Binding::not_offered: return "y,,";
    case Binding::used: return "p=tls-exporter,,";
  }
  return {};
}

std::optional<Secret> ScramClient::initial() {
  first_bare_ = fmt::format("n={},r={}", saslname(login_.user), nonce_);
  return Secret(std::string(gs2_header()) + first_bare_);
}

Result<Secret> ScramClient::respond(std::string_view challenge) {
  switch (expects_) {
    case Expects::first: return answer_first(challenge);
    case Expects::final: return check_final(challenge);
    case Expects::nothing: break;
  }
  return fail(ErrorKind::syntax,
              "the server sent an unexpected challenge after SCRAM was complete");
}

Result<Secret> ScramClient::answer_first(std::string_view message) {
  // RFC 5802 §7 server-first-message. An `m=` before it fails, as required (RFC 5802 §5.1).
  std::string_view rest = message;
  const auto nonce = take(rest, "r=");
  const auto encoded_salt = take(rest, "s=");
  const auto count = take(rest, "i=");
  const auto salt = encoded_salt ? text::base64_decode(*encoded_salt) : std::nullopt;
  const auto iterations = count ? parse_iterations(*count) : std::nullopt;
  // A nonce that does not extend ours may be from a recorded exchange.
  const bool fresh = nonce && nonce->size() > nonce_.size() && nonce->size() <= kMaxNonceOctets &&
                     nonce->starts_with(nonce_);
  if (!fresh || !salt || salt->empty() || !iterations)
    return fail(ErrorKind::syntax, "the server's SCRAM message is malformed");

  const std::string binding = text::base64_encode(std::string(gs2_header()) + binding_data_);
  const std::string without_proof = fmt::format("c={},r={}", binding, *nonce);
  const std::string auth_message = fmt::format("{},{},{}", first_bare_, message, without_proof);
  ClientKeys keys = derive_client_keys(login_.password.reveal(), *salt, *iterations);
  const Hash signature = hmac(view(sha256(view(keys.client_key))), auth_message);
  signature_ = text::base64_encode(view(hmac(view(keys.server_key), auth_message)));
  const std::string proof = text::base64_encode(view(keys.client_key ^ signature));
  OPENSSL_cleanse(&keys, sizeof keys);
  expects_ = Expects::final;
  return Secret(fmt::format("{},p={}", without_proof, proof));
}

Result<Secret> ScramClient::check_final(std::string_view message) {
  std::string_view rest = message;
  const auto signature = take(rest, "v=");
  if (!signature || signature->size() != signature_.size() ||
      CRYPTO_memcmp(signature->data(), signature_.data(), signature_.size()) != 0) {
    return fail(ErrorKind::auth_failed, "the server has not proved that it knows the password");
  }
  expects_ = Expects::nothing;
  return Secret();
}

}  // namespace posthorn::auth
