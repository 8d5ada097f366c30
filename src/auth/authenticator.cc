#include "auth/authenticator.h"

#include <openssl/crypto.h>

#include <memory>

#include "async/completion.h"
#include "async/event.h"
#include "auth/peer.h"
#include "auth/rules/app_password.h"
#include "auth/sasl/plain.h"
#include "base/bytes.h"
#include "base/log.h"

namespace posthorn::auth {
namespace {

constexpr std::size_t kKeyOctets = 32;

std::unexpected<Error> wrong() { return std::unexpected(error_of(Refusal::wrong_credentials)); }

std::unexpected<Error> too_busy() {
  return fail(ErrorKind::unavailable, "Too many logins at once; please try again in a moment");
}

/// One password to be hashed.
struct HashJob {
  std::variant<ScramKeys, ForeignHash> against;
  std::uint32_t new_iterations = 0;  ///< If not 0 and the password is right, keys are made of it.
};
struct HashVerdict {
  bool right = false;
  std::optional<ScramKeys> keys = {};
};

HashVerdict verify(const HashJob& job, std::string_view password) {
  HashVerdict verdict;
  if (const auto* const keys = std::get_if<ScramKeys>(&job.against)) {
    verdict.right = verify_password(*keys, password);
  } else {
    verdict.right = std::get<ForeignHash>(job.against).verify(password);
  }
  if (verdict.right && job.new_iterations != 0)
    verdict.keys = make_keys(password, job.new_iterations);
  return verdict;
}

/// Returns none if the queue accepts no more work from this peer.
async::Task<std::optional<HashVerdict>> verify_in(HashQueue& queue, std::string peer, HashJob job,
                                                  std::shared_ptr<const Secret> password) {
  co_return co_await async::callback<std::optional<HashVerdict>>([&](auto done) {
    using DoneCall = decltype(done);
    auto shared = std::make_shared<DoneCall>(std::move(done));
    const bool taken = queue.submit(peer, [shared, job, password] {
      (*shared)(std::optional(verify(job, password->reveal())));
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
  auto name = co_await read_name(*prepared);
  if (!name) co_return pass(name);
  auto right = co_await check_password(name->user, std::move(password), source);
  if (!right) co_return pass(right);
  if (name->act_as.empty())
    co_return conclude(name->user, right->record, source, right->app_password);
  co_return co_await conclude_as(std::move(*name), std::move(right->record), std::move(source),
                                 right->app_password);
}

std::uint64_t Authenticator::match_app_password(const LoginRecord& record,
                                                std::string_view password, const Source& source,
                                                std::string_view& refused) const {
  if (!record.rules || record.rules->app_passwords.empty()) return 0;
  const auto digest = digest_of_app_password(password);
  if (!digest) return 0;
  const AppPassword* const found = find_app_password(
      *record.rules, *digest, {source.service, source.peer, clock_.now().seconds}, refused);
  return found != nullptr ? found->id : 0;
}

std::variant<ScramKeys, ForeignHash> Authenticator::decoy_for(std::string_view user) const {
  if (options_.decoy_hash)
    if (auto hash = options_.decoy_hash(user)) return std::move(*hash);
  ScramKeys keys = decoy_;
  if (options_.sasl.decoy_shape) keys.iterations = options_.sasl.decoy_shape(user).iterations;
  return keys;
}

async::Task<Result<Authenticator::Verified>> Authenticator::check_password(std::string user,
                                                                           Secret password,
                                                                           Source source) {
  auto found = co_await directory_.find(user);
  if (!found) co_return pass(found);
  std::optional<LoginRecord>& record = *found;
  const auto turn = co_await take_turn(budget_of(record, user), source, password.reveal());
  if (!turn) co_return std::unexpected(turn.error());

  std::string_view refused;
  const bool takes_main = record && record->takes_main_password(source.service);
  Hash mac{};
  if (record) {
    if (const auto app_password = match_app_password(*record, password.reveal(), source, refused)) {
      if (Status noted = co_await directory_.note_use(record->account, app_password); !noted)
        log::error("the use of an app password was not noted: {} ({})", noted.error().text,
                   noted.error().cause);
      co_return Verified{std::move(*record), app_password};
    }
    mac = mac_of(*record, password.reveal());
    if (takes_main && is_remembered(*record, mac)) co_return Verified{std::move(*record)};
  }
  const bool has_password = takes_main && (record->keys || record->hash);
  HashJob job{decoy_, 0};
  if (has_password && record->keys) {
    job.against = *record->keys;
  } else if (has_password) {
    job.against = *record->hash;
    if (options_.upgrade_iterations) job.new_iterations = options_.upgrade_iterations();
  } else {
    job.against = decoy_for(user);
  }
  const auto held = std::make_shared<const Secret>(std::move(password));
  auto verdict = co_await verify_in(hashing_, source.peer, std::move(job), held);
  if (!verdict) {
    log_.refusal(source, "too_many_hashes", user);
    co_return too_busy();
  }
  {
    const MutexLock lock(mutex_);
    ++hashes_;
  }
  if (!has_password || !verdict->right) {
    const std::string_view reason = !refused.empty() ? refused
                                    : !record        ? "unknown_user"
                                    : !takes_main    ? "main_password_off"
                                    : !has_password  ? "no_password"
                                                     : "wrong_password";
    note_failure({user, record ? &*record : nullptr, reason, held->reveal()}, source);
    co_return wrong();
  }
  if (verdict->keys) {
    Status kept = co_await directory_.keep_keys(*record, std::move(*verdict->keys));
    if (!kept)
      log::error("SCRAM keys of an account were not stored: {} ({})", kept.error().text,
                 kept.error().cause);
  }
  remember(*record, mac);
  co_return Verified{std::move(*record)};
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
                                         const Source& source, std::uint64_t app_password) {
  throttle_.succeeded(record.name, source.peer);
  if (record.state == AccountState::disabled) {
    log_.failure(source, "disabled", user);
    return fail(ErrorKind::no_permission, "This account is disabled");
  }
  Identity identity{record.account, record.name, record.version, app_password, {}};
  log_.success(source, identity, user);
  return identity;
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
