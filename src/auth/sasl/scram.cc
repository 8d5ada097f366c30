#include "auth/sasl/scram.h"

#include <fmt/core.h>
#include <openssl/crypto.h>

#include "auth/sasl/plain.h"
#include "text/ascii.h"
#include "text/base64.h"

namespace posthorn::auth {
namespace {

constexpr std::size_t kDecoySaltOctets = 16;

bool is_nonce(std::string_view nonce) {
  return !nonce.empty() &&
         std::ranges::all_of(nonce, [](char c) { return c >= 0x21 && c <= 0x7e && c != ','; });
}

/// Removes and returns the text before the next comma, or all of it.
std::string_view take_field(std::string_view& rest) {
  const std::size_t comma = rest.find(',');
  const std::string_view field = rest.substr(0, comma);
  rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
  return field;
}

/// Returns the value of an attribute that must come next, e.g. "r=". None if another one does.
std::optional<std::string_view> value_of(std::string_view field, std::string_view attribute) {
  if (!field.starts_with(attribute)) return std::nullopt;
  return field.substr(attribute.size());
}

/// RFC 5802 §7 extensions: unknown ones are ignored, except for `m`, which is mandatory to
/// understand.
bool extensions_are_fine(std::string_view rest, bool any) {
  while (any) {
    any = rest.find(',') != std::string_view::npos;
    const std::string_view field = take_field(rest);
    if (field.size() < 3 || !text::is_alpha(field[0]) || field[1] != '=' || field[0] == 'm')
      return false;
    if (field.find('\0') != std::string_view::npos) return false;
  }
  return true;
}

}  // namespace

ScramMechanism::ScramMechanism(Variant variant, ChannelBindings bindings, const SaslPolicy& policy,
                               std::string nonce)
    : variant_(variant),
      bindings_(std::move(bindings)),
      policy_(policy),
      nonce_(std::move(nonce)) {}

std::string_view ScramMechanism::name() const {
  return variant_ == Variant::plus ? "SCRAM-SHA-256-PLUS" : "SCRAM-SHA-256";
}

Step ScramMechanism::on_response(std::string_view response) {
  switch (expects_) {
    case Expects::first: return on_first(response);
    case Expects::final: return on_final(response);
    case Expects::nothing_more: break;
  }
  if (!response.empty()) return Failed{};
  return authenticated(std::move(user_), std::move(act_as_));
}

std::optional<Refusal> ScramMechanism::judge_binding(std::string_view flag) {
  if (flag == "n" || flag == "y") {
    if (variant_ == Variant::plus) return Refusal::malformed;
    if (flag == "y" && bindings_.any()) return Refusal::downgrade;
    return std::nullopt;
  }
  const auto type = value_of(flag, "p=");
  if (!type || type->empty()) return Refusal::malformed;
  if (variant_ != Variant::plus) return Refusal::unsupported_binding;
  std::string_view data;
  if (*type == "tls-exporter") data = bindings_.exporter;
  if (*type == "tls-server-end-point") data = bindings_.end_point;
  if (data.empty()) return Refusal::unsupported_binding;
  binding_input_ += data;
  return std::nullopt;
}

Step ScramMechanism::on_first(std::string_view message) {
  // RFC 5802 §7: gs2-cbind-flag "," [authzid] "," username "," nonce ["," extensions]
  std::string_view rest = message;
  const std::string_view flag = take_field(rest);
  const std::string_view authzid = take_field(rest);
  binding_input_ = message.substr(0, message.size() - rest.size());
  if (!binding_input_.ends_with(',') || binding_input_.size() != flag.size() + authzid.size() + 2)
    return Failed{};
  if (const auto refusal = judge_binding(flag)) return Failed{*refusal};
  if (!authzid.empty()) {
    const auto name = value_of(authzid, "a=");
    auto parsed = name ? parse_saslname(*name) : std::nullopt;
    if (!parsed) return Failed{};
    act_as_ = std::move(*parsed);
  }

  client_first_bare_ = rest;
  const auto name =
      value_of(take_field(rest), "n=");  // An `m=` before it fails here (RFC 5802 §5.1).
  auto user = name ? parse_saslname(*name) : std::nullopt;
  const bool extended = rest.find(',') != std::string_view::npos;
  const auto nonce = value_of(take_field(rest), "r=");
  if (!user || !nonce || !is_nonce(*nonce) || !extensions_are_fine(rest, extended)) return Failed{};
  user_ = std::move(*user);
  nonce_.insert(0, *nonce);
  return NeedKeys{user_};
}

ScramKeys ScramMechanism::decoy_keys() const {
  // A name gets the same salt every time, as a real account would (RFC 5802 §9).
  const DecoyShape shape = policy_.decoy_shape
                               ? policy_.decoy_shape(user_)
                               : DecoyShape{text::lower(user_), policy_.decoy_iterations};
  const Hash salt = hmac(policy_.decoy_key, "salt " + shape.name);
  return {std::string(view(salt).substr(0, kDecoySaltOctets)), shape.iterations,
          hmac(policy_.decoy_key, "stored " + shape.name),
          hmac(policy_.decoy_key, "server " + shape.name)};
}

Step ScramMechanism::on_keys(std::optional<ScramKeys> keys) {
  known_ = keys.has_value();
  keys_ = known_ ? std::move(*keys) : decoy_keys();
  server_first_ =
      fmt::format("r={},s={},i={}", nonce_, text::base64_encode(keys_.salt), keys_.iterations);
  expects_ = Expects::final;
  return Challenge{server_first_};
}

Step ScramMechanism::on_final(std::string_view message) {
  // RFC 5802 §7: "c=" base64 "," "r=" nonce ["," extensions] "," "p=" base64
  const std::size_t cut = message.rfind(",p=");
  if (cut == std::string_view::npos) return Failed{};
  const std::string_view without_proof = message.substr(0, cut);
  const auto proof = text::base64_decode(message.substr(cut + 3));
  std::string_view rest = without_proof;
  const auto encoded = value_of(take_field(rest), "c=");
  const auto binding = encoded ? text::base64_decode(*encoded) : std::nullopt;
  const bool extended = rest.find(',') != std::string_view::npos;
  const auto nonce = value_of(take_field(rest), "r=");
  if (!proof || proof->size() != sizeof(Hash) || !binding || !nonce || *nonce != nonce_ ||
      !extensions_are_fine(rest, extended)) {
    return Failed{};
  }
  if (*binding != binding_input_) return Failed{Refusal::binding_mismatch};

  // RFC 5802 §3: a proof is the client's key XORed with a signature that only the stored key can
  // produce.
  const std::string auth_message =
      fmt::format("{},{},{}", client_first_bare_, server_first_, without_proof);
  Hash proof_bytes;
  std::ranges::copy(*proof, proof_bytes.begin());
  const Hash client_key = proof_bytes ^ hmac(view(keys_.stored_key), auth_message);
  const Hash tried = sha256(view(client_key));
  const bool right = CRYPTO_memcmp(tried.data(), keys_.stored_key.data(), tried.size()) == 0;
  if (!right || !known_) return Failed{Refusal::wrong_credentials};
  expects_ = Expects::nothing_more;
  return Challenge{"v=" + text::base64_encode(view(hmac(view(keys_.server_key), auth_message)))};
}

}  // namespace posthorn::auth
