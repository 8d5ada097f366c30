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
  const auto judge = options_.sasl.tokens ? options_.sasl.tokens->current() : nullptr;
  if (!judge) co_return fail(ErrorKind::not_supported, "Tokens are not accepted");
  // RFC 7628 §4.3: the client asks what kind of token is required.
  if (token.empty()) co_return refusal_of(TokenFault::malformed, judge->rules());
  // Verifying a signature costs less than checking a password, so it is done first. A valid token
  // names its user even if the client does not, and the delay is then that user's and nobody
  // else's.
  auto answer = co_await judge_token(*judge, claimed, token, source);
  if (!answer) co_return pass(answer);
  const TokenJudgement& said = *answer;
  const auto user = said ? prepare_name(said->name) : std::nullopt;
  if (!user) {
    const auto turn = co_await take_turn(claimed, source, token.reveal());
    if (!turn) co_return std::unexpected(turn.error());
    const TokenFault fault = said ? TokenFault::no_user : said.error();
    note_wrong_token(claimed, fault, token, source);
    co_return refusal_of(fault, judge->rules());
  }
  auto record = co_await directory_.find(*user);
  if (!record) co_return pass(record);
  const auto turn = co_await take_turn(budget_of(*record, *user), source, token.reveal());
  if (!turn) co_return std::unexpected(turn.error());
  if (!*record) {
    note_failure({*user, nullptr, "unknown_user", token.reveal()}, source);
    co_return refusal_of(TokenFault::no_user, judge->rules());
  }
  TokenHolder holder{*user, std::move(**record)};
  if (judge->rules().end_sessions) holder.expires = said->expires;
  co_return holder;
}

async::Task<Result<TokenJudgement>> Authenticator::judge_token(const TokenJudge& judge,
                                                               std::string claimed,
                                                               const Secret& token, Source source) {
  if (!is_bearer_token(token.reveal()))
    co_return TokenJudgement(std::unexpected(TokenFault::malformed));
  if (auto known = judge.judge_now(token.reveal(), clock_.now())) co_return std::move(*known);
  // The issuer is asked over the network, about a token that anybody may have invented, so whoever
  // has guessed too often waits before that.
  const auto turn = co_await take_turn(claimed, source, token.reveal());
  if (!turn) co_return std::unexpected(turn.error());
  auto answer = co_await judge.ask(std::make_shared<const Secret>(token.reveal()), clock_.now());
  if (!answer) log_.refusal(source, "issuer_unavailable", claimed);
  co_return answer;
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
