#include "auth/authenticator.h"
#include "auth/sasl/plain.h"

// How the authenticator judges tokens.
namespace posthorn::auth {
namespace {

/// RFC 6750 §3.1. The reply does not reveal which key, claim or name was wrong.
TokenRefusal refusal_of(TokenFault fault, const TokenRules& rules) {
  const std::string slash = rules.issuer.ends_with('/') ? "" : "/";
  return {fault == TokenFault::insufficient_scope ? "insufficient_scope" : "invalid_token",
          rules.scope, rules.issuer + slash + ".well-known/openid-configuration"};
}

}  // namespace

async::Task<Result<Authenticator::TokenOutcome>> Authenticator::check_token(std::string claimed,
                                                                            Secret token,
                                                                            Source source) {
  const auto verifier = options_.sasl.tokens ? options_.sasl.tokens->current() : nullptr;
  if (!verifier) co_return fail(ErrorKind::not_supported, "Tokens are not accepted");
  // RFC 7628 §4.3: the client asks what kind of token is required.
  if (token.empty()) co_return refusal_of(TokenFault::malformed, verifier->rules());
  // Verifying a signature costs less than checking a password, so it is done first. A valid token
  // names its user even if the client does not, and the delay is then that user's and nobody
  // else's.
  const auto said = verifier->user_of(token.reveal(), clock_.now());
  const auto user = said ? prepare_name(*said) : std::nullopt;
  if (!user) {
    const auto turn = co_await take_turn(claimed, source, token.reveal());
    if (!turn) co_return std::unexpected(turn.error());
    const TokenFault fault = said ? TokenFault::no_user : said.error();
    note_wrong_token(claimed, fault, token, source);
    co_return refusal_of(fault, verifier->rules());
  }
  auto record = co_await directory_.find(*user);
  if (!record) co_return pass(record);
  const auto turn = co_await take_turn(budget_of(*record, *user), source, token.reveal());
  if (!turn) co_return std::unexpected(turn.error());
  if (!*record) {
    note_failure({*user, nullptr, "unknown_user", token.reveal()}, source);
    co_return refusal_of(TokenFault::no_user, verifier->rules());
  }
  co_return TokenHolder{*user, std::move(**record)};
}

/// A token that has expired or is not valid yet was signed by the issuer, so it is not a guess: it
/// is logged but not counted.
void Authenticator::note_wrong_token(std::string_view claimed, TokenFault fault,
                                     const Secret& token, const Source& source) {
  const std::string reason = fmt::format("token_{}", auth::name_of(fault));
  if (fault != TokenFault::expired && fault != TokenFault::not_yet_valid)
    throttle_.failed(claimed, source.peer, Throttle::Named::nobody, token.reveal());
  log_.failure(source, reason, claimed);
}

}  // namespace posthorn::auth
