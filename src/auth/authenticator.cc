#include "auth/authenticator.h"

#include <openssl/crypto.h>

#include <memory>

#include "async/completion.h"
#include "async/event.h"
#include "auth/sasl/plain.h"
#include "base/bytes.h"

namespace posthorn::auth {
namespace {

constexpr std::size_t kKeyOctets = 32;

std::unexpected<Error> wrong() { return std::unexpected(error_of(Refusal::wrong_credentials)); }

std::unexpected<Error> too_busy() {
  return fail(ErrorKind::unavailable, "Too many logins at once; please try again in a moment");
}

/// Returns none if the queue accepts no more work from this peer.
async::Task<std::optional<bool>> verify_in(HashQueue& queue, std::string peer, ScramKeys keys,
                                           std::shared_ptr<const Secret> password) {
  co_return co_await async::callback<std::optional<bool>>([&](auto done) {
    using DoneCall = decltype(done);
    auto shared = std::make_shared<DoneCall>(std::move(done));
    const bool taken = queue.submit(peer, [shared, keys, password] {
      (*shared)(std::optional<bool>(verify_password(keys, password->reveal())));
    });
    if (!taken) (*shared)(std::nullopt);
  });
}

}  // namespace

Authenticator::Authenticator(Directory& directory, Throttle& throttle, HashQueue& hashing,
                             const Clock& clock, Options options)
    : directory_(directory),
      throttle_(throttle),
      hashing_(hashing),
      clock_(clock),
      options_(std::move(options)),
      key_(random_bytes(kKeyOctets)),
      decoy_{random_bytes(16), options_.sasl.decoy_iterations, {}, {}},
      remembered_(options_.max_remembered) {}

async::Task<Result<Throttle::Attempt>> Authenticator::take_turn(
    std::string user, Source source, std::optional<std::string_view> password) {
  auto attempt = throttle_.admit(user, source.peer, password);
  if (!attempt) {
    log_.refusal(source, "too_many_waiting", user);
    co_return too_busy();
  }
  // Checked before the password, and for right passwords as well: otherwise a quick answer would
  // tell an attacker something.
  if (attempt->delay.count() > 0) co_await async::sleep_for(attempt->delay);
  co_return std::move(*attempt);
}

async::Task<Status> Authenticator::refuse_nameless(Source source, std::string reason,
                                                   std::size_t octets,
                                                   std::optional<Secret> secret) {
  const auto turn = co_await take_turn("", source);
  if (!turn) co_return std::unexpected(turn.error());
  std::optional<std::string_view> shown;
  if (secret) shown = secret->reveal();
  throttle_.failed("", source.peer, Throttle::Named::nobody, shown);
  log_.malformed(source, reason, octets);
  co_return Status();
}

async::Task<Result<std::optional<LoginRecord>>> Authenticator::find(std::string user) {
  return directory_.find(std::move(user));
}

async::Task<Result<Identity>> Authenticator::login(std::string user, Secret password,
                                                   Source source) {
  const auto prepared = prepare_name(user);
  if (!prepared) {
    const Status refused =
        co_await refuse_nameless(std::move(source), "malformed", user.size(), std::move(password));
    if (!refused) co_return std::unexpected(refused.error());
    co_return wrong();
  }
  auto record = co_await check_password(*prepared, std::move(password), source);
  if (!record) co_return pass(record);
  co_return conclude(*prepared, *record, source);
}

async::Task<Result<LoginRecord>> Authenticator::check_password(std::string user, Secret password,
                                                               Source source) {
  auto found = co_await directory_.find(user);
  if (!found) co_return pass(found);
  const std::optional<LoginRecord>& record = *found;
  const auto turn = co_await take_turn(budget_of(record, user), source, password.reveal());
  if (!turn) co_return std::unexpected(turn.error());

  Hash mac{};
  if (record) {
    mac = mac_of(*record, password.reveal());
    if (is_remembered(*record, mac)) co_return *record;
  }
  const auto held = std::make_shared<const Secret>(std::move(password));
  const bool has_password = record && record->keys;
  ScramKeys keys = has_password ? *record->keys : decoy_;
  // An unknown user must also take as long as an account of that name would.
  if (!has_password && options_.sasl.decoy_shape)
    keys.iterations = options_.sasl.decoy_shape(user).iterations;
  const auto right = co_await verify_in(hashing_, source.peer, std::move(keys), held);
  if (!right) {
    log_.refusal(source, "too_many_hashes", user);
    co_return too_busy();
  }
  {
    const MutexLock lock(mutex_);
    ++hashes_;
  }
  if (!has_password || !*right) {
    const std::string_view reason = has_password ? "wrong_password"
                                    : record     ? "no_password"
                                                 : "unknown_user";
    note_failure({user, record ? &*record : nullptr, reason, held->reveal()}, source);
    co_return wrong();
  }
  remember(*record, mac);
  co_return *record;
}

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

void Authenticator::note_failure(const Failure& failure, const Source& source) {
  if (failure.record != nullptr) {
    throttle_.failed(failure.record->name, source.peer, Throttle::Named::account, failure.password);
  } else {
    throttle_.failed(failure.user, source.peer, Throttle::Named::nobody, failure.password);
  }
  log_.failure(source, failure.reason, failure.user);
}

Result<Identity> Authenticator::conclude(std::string_view user, const LoginRecord& record,
                                         const Source& source) {
  throttle_.succeeded(record.name, source.peer);
  if (record.state == AccountState::disabled) {
    log_.failure(source, "disabled", user);
    return fail(ErrorKind::no_permission, "This account is disabled");
  }
  log_.success(source, record.account, user);
  return Identity{record.account, record.name, record.version};
}

Hash Authenticator::mac_of(const LoginRecord& record, std::string_view password) const {
  std::string bytes;
  // Prevents growth, which would leave a copy of the password behind.
  bytes.reserve(64 + password.size());
  ByteWriter w(bytes);
  w.raw(record.account.view());
  w.u64(record.version);
  w.raw(password);
  const Hash mac = hmac(key_, bytes);
  wipe(bytes);
  return mac;
}

bool Authenticator::is_remembered(const LoginRecord& record, const Hash& mac) {
  const MutexLock lock(mutex_);
  const Remembered* const known = remembered_.find(std::string(record.account.view()));
  return known && known->version == record.version && clock_.now().seconds < known->until &&
         CRYPTO_memcmp(known->mac.data(), mac.data(), mac.size()) == 0;
}

void Authenticator::remember(const LoginRecord& record, const Hash& mac) {
  const MutexLock lock(mutex_);
  remembered_.at(std::string(record.account.view())) = {
      record.version, mac, clock_.now().seconds + options_.remember_for.count()};
}

void Authenticator::forget(const AccountId& account) {
  const MutexLock lock(mutex_);
  remembered_.erase(std::string(account.view()));
}

std::uint64_t Authenticator::hashes() const {
  const MutexLock lock(mutex_);
  return hashes_;
}

}  // namespace posthorn::auth
