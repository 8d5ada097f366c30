#include "auth/sasl/exchange.h"

#include "text/ascii.h"

namespace posthorn::auth {

Exchange::Exchange(Authenticator& authenticator, std::unique_ptr<Mechanism> mechanism,
                   Source source)
    : authenticator_(authenticator), mechanism_(std::move(mechanism)), source_(std::move(source)) {
  source_.mechanism = mechanism_->name();
}

async::Task<Exchange::Outcome> Exchange::begin(std::optional<Secret> initial) {
  std::optional<std::string_view> bytes;
  if (initial) bytes = initial->reveal();
  said_octets_ = bytes ? bytes->size() : 0;
  Step step = mechanism_->begin(bytes);
  co_return co_await carry_on(std::move(step));
}

async::Task<Exchange::Outcome> Exchange::respond(Secret response) {
  said_octets_ = response.reveal().size();
  Step step = mechanism_->respond(response.reveal());
  co_return co_await carry_on(std::move(step));
}

async::Task<Exchange::Outcome> Exchange::carry_on(Step step) {
  while (true) {
    std::variant<Step, Error> next = Step{Failed{}};
    if (auto* const keys = std::get_if<NeedKeys>(&step)) {
      next = co_await look_up_keys(std::move(*keys));
    } else if (auto* const verdict = std::get_if<NeedVerdict>(&step)) {
      next = co_await judge_password(std::move(*verdict));
    } else if (auto* const token = std::get_if<NeedToken>(&step)) {
      next = co_await judge_token(std::move(*token));
    } else {
      break;
    }
    if (auto* const error = std::get_if<Error>(&next)) co_return std::move(*error);
    step = std::get<Step>(std::move(next));
  }
  if (auto* const challenge = std::get_if<Challenge>(&step)) co_return std::move(*challenge);
  if (auto* const done = std::get_if<Done>(&step)) co_return co_await finish(std::move(*done));
  const Refusal why = std::get<Failed>(step).why;
  // A wrong password or token was already counted and logged where it was checked.
  const bool noted = (why == Refusal::wrong_credentials && !turn_) || why == Refusal::wrong_token;
  if (!noted && user_.empty()) {
    const Status refused = co_await authenticator_.refuse_nameless(
        source_, std::string(name_of(why)), said_octets_, std::nullopt);
    if (!refused) co_return refused.error();
  } else if (!noted) {
    authenticator_.note_failure({user_, record_ ? &*record_ : nullptr, name_of(why), std::nullopt},
                                source_);
  }
  co_return error_of(why);
}

async::Task<std::variant<Step, Error>> Exchange::look_up_keys(NeedKeys need) {
  auto name = co_await authenticator_.read_name(std::move(need.user));
  if (!name) co_return std::move(name.error());
  user_ = std::move(name->user);
  act_as_ = std::move(name->act_as);
  auto found = co_await authenticator_.find(user_);
  if (!found) co_return std::move(found.error());
  record_ = std::move(*found);
  auto turn = co_await authenticator_.take_turn(Authenticator::budget_of(record_, user_), source_);
  if (!turn) co_return std::move(turn.error());
  turn_ = std::move(*turn);
  std::optional<ScramKeys> keys;
  if (record_ && record_->takes_main_password(source_.service)) keys = record_->keys;
  co_return mechanism_->provide_keys(std::move(keys));
}

async::Task<std::variant<Step, Error>> Exchange::judge_password(NeedVerdict need) {
  auto name = co_await authenticator_.read_name(std::move(need.user));
  if (!name) co_return std::move(name.error());
  user_ = std::move(name->user);
  act_as_ = std::move(name->act_as);
  auto right = co_await authenticator_.check_password(user_, std::move(need.password), source_);
  if (right) {
    record_ = std::move(right->record);
    app_password_ = right->app_password;
    co_return mechanism_->provide_verdict(Verdict::accepted);
  }
  if (right.error().kind != ErrorKind::auth_failed) co_return std::move(right.error());
  co_return mechanism_->provide_verdict(Verdict::refused);
}

async::Task<std::variant<Step, Error>> Exchange::judge_token(NeedToken need) {
  user_ = need.claimed;
  auto judged = co_await authenticator_.check_token(user_, std::move(need.token), source_);
  if (!judged) co_return std::move(judged.error());
  if (auto* const refusal = std::get_if<TokenRefusal>(&*judged))
    co_return mechanism_->provide_token(std::unexpected(std::move(*refusal)));
  auto& holder = std::get<Authenticator::TokenHolder>(*judged);
  record_ = std::move(holder.record);
  user_ = holder.user;
  expires_ = holder.expires;
  co_return mechanism_->provide_token(std::move(holder.user));
}

async::Task<Exchange::Outcome> Exchange::finish(Done done) {
  // "user*master" is one name to the mechanism, so both identities are that name then.
  if (!text::iequals(done.act_as, done.user)) {
    if (!act_as_.empty() && !text::iequals(act_as_, done.act_as)) {
      authenticator_.note_failure(
          {user_, &*record_, name_of(Refusal::not_authorized), std::nullopt}, source_);
      co_return error_of(Refusal::not_authorized);
    }
    act_as_ = std::move(done.act_as);
  }
  if (act_as_.empty()) {
    auto identity =
        co_await authenticator_.conclude(user_, std::move(*record_), source_, app_password_);
    if (!identity) co_return std::move(identity.error());
    identity->expires = expires_;
    co_return std::move(*identity);
  }
  auto identity = co_await authenticator_.conclude_as({.user = user_, .act_as = act_as_},
                                                      std::move(*record_), source_, app_password_);
  if (!identity) co_return std::move(identity.error());
  identity->expires = expires_;
  co_return std::move(*identity);
}

}  // namespace posthorn::auth
