#include "auth/sasl/sasl.h"

#include "auth/sasl/bearer.h"
#include "auth/sasl/plain.h"
#include "auth/sasl/scram.h"
#include "text/ascii.h"
#include "text/base64.h"

namespace posthorn::auth {

Error error_of(Refusal why) {
  switch (why) {
    case Refusal::malformed: return {ErrorKind::syntax, "The authentication response is malformed"};
    case Refusal::not_authorized:
      return {ErrorKind::no_permission, "Not allowed to act as that user"};
    case Refusal::wrong_credentials: return {ErrorKind::auth_failed, "Wrong user name or password"};
    case Refusal::wrong_token: return {ErrorKind::auth_failed, "The token is not accepted"};
    case Refusal::downgrade:
    case Refusal::unsupported_binding:
    case Refusal::binding_mismatch: return {ErrorKind::auth_failed, "Channel binding failed"};
  }
  return {ErrorKind::auth_failed, "Authentication failed"};
}

std::string_view name_of(Refusal why) {
  switch (why) {
    case Refusal::malformed: return "malformed";
    case Refusal::wrong_credentials: return "wrong_credentials";
    case Refusal::wrong_token: return "wrong_token";
    case Refusal::not_authorized: return "not_authorized";
    case Refusal::downgrade: return "downgrade";
    case Refusal::unsupported_binding: return "unsupported_binding";
    case Refusal::binding_mismatch: return "binding_mismatch";
  }
  return "?";
}

Step Mechanism::after(Step step) {
  if (std::holds_alternative<Challenge>(step))
    awaits_ = Awaits::response;
  else if (std::holds_alternative<NeedKeys>(step))
    awaits_ = Awaits::keys;
  else if (std::holds_alternative<NeedVerdict>(step))
    awaits_ = Awaits::verdict;
  else if (std::holds_alternative<NeedToken>(step))
    awaits_ = Awaits::token;
  else
    awaits_ = Awaits::nothing;
  return step;
}

Step Mechanism::begin(std::optional<std::string_view> initial) {
  if (awaits_ != Awaits::start) return after(Failed{});
  awaits_ = Awaits::response;
  if (!initial) return after(Challenge{std::string(opening())});
  return respond(*initial);
}

Step Mechanism::respond(std::string_view response) {
  if (awaits_ != Awaits::response || response.size() > max_response()) return after(Failed{});
  return after(on_response(response));
}

Step Mechanism::provide_keys(std::optional<ScramKeys> keys) {
  return after(awaits_ == Awaits::keys ? on_keys(std::move(keys)) : Failed{});
}

Step Mechanism::provide_verdict(Verdict verdict) {
  return after(awaits_ == Awaits::verdict ? on_verdict(verdict) : Failed{});
}

Step Mechanism::provide_token(TokenVerdict verdict) {
  return after(awaits_ == Awaits::token ? on_token(std::move(verdict)) : Failed{});
}

Step Mechanism::on_keys(std::optional<ScramKeys>) { return Failed{}; }
Step Mechanism::on_verdict(Verdict) { return Failed{}; }
Step Mechanism::on_token(TokenVerdict) { return Failed{}; }

namespace {

bool takes_tokens(const SaslPolicy& policy) {
  return policy.tokens != nullptr && policy.tokens->current() != nullptr;
}

bool offers_scram(const SaslPolicy& policy) {
  return !policy.offers_scram || policy.offers_scram();
}

}  // namespace

std::vector<std::string_view> offered_mechanisms(const Channel& channel, const SaslPolicy& policy) {
  std::vector<std::string_view> names;
  if (offers_scram(policy)) {
    if (channel.bindings.any()) names.push_back("SCRAM-SHA-256-PLUS");
    names.push_back("SCRAM-SHA-256");
  }
  if (channel.secrecy == Channel::Secrecy::tls && takes_tokens(policy)) {
    names.push_back("OAUTHBEARER");
    names.push_back("XOAUTH2");
  }
  if (channel.plaintext == Plaintext::allowed) {
    names.push_back("PLAIN");
    names.push_back("LOGIN");
  }
  return names;
}

Result<std::unique_ptr<Mechanism>> make_mechanism(std::string_view name, Channel channel,
                                                  const SaslPolicy& policy) {
  const bool plain = text::iequals(name, "PLAIN");
  const bool login = text::iequals(name, "LOGIN");
  if ((plain || login) && channel.plaintext == Plaintext::refused) {
    return fail(ErrorKind::no_permission, "Passwords are accepted only under TLS");
  }
  if (plain) return std::make_unique<PlainMechanism>();
  if (login) return std::make_unique<LoginMechanism>();
  const bool bearer = text::iequals(name, "OAUTHBEARER");
  if ((bearer || text::iequals(name, "XOAUTH2")) && takes_tokens(policy)) {
    if (channel.secrecy != Channel::Secrecy::tls)
      return fail(ErrorKind::no_permission, "Tokens are accepted only under TLS");
    return std::make_unique<BearerMechanism>(bearer ? BearerMechanism::Variant::oauthbearer
                                                    : BearerMechanism::Variant::xoauth2);
  }
  const bool plus = text::iequals(name, "SCRAM-SHA-256-PLUS");
  const bool scram = (plus && channel.bindings.any()) || text::iequals(name, "SCRAM-SHA-256");
  if (scram && offers_scram(policy)) {
    return std::make_unique<ScramMechanism>(
        plus ? ScramMechanism::Variant::plus : ScramMechanism::Variant::bare,
        std::move(channel.bindings), policy,
        text::base64_encode(random_bytes(ScramMechanism::kNonceOctets)));
  }
  return fail(ErrorKind::not_supported, "This authentication mechanism is not available");
}

}  // namespace posthorn::auth
