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
    co_return co_await conclude(std::move(name->user), std::move(right->record), std::move(source),
                                right->app_password);
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

std::unexpected<Error> Authenticator::not_looked_up(const Source& source, std::string_view user,
                                                    Error error) {
  log_.refusal(source, "lookup_failed", user);
  return std::unexpected(std::move(error));
}

async::Task<Result<std::optional<LoginRecord>>> Authenticator::find_remembered(
    std::string user, std::string_view password, Protocol service) {
  auto recent = co_await directory_.find_recent(std::move(user));
  if (!recent || !*recent) co_return recent;
  const LoginRecord& record = **recent;
  if (!record.takes_main_password(service) || !is_remembered(record, mac_of(record, password)))
    co_return std::nullopt;
  co_return recent;
}

async::Task<Result<Authenticator::Judged>> Authenticator::judge(
    std::string user, const std::optional<LoginRecord>& record, bool has_password,
    std::shared_ptr<const Secret> password, Source source) {
  if (has_password && record->outside && record->outside->checks_password) {
    const auto right = co_await directory_.verify(*record, password);
    if (!right) co_return not_looked_up(source, user, right.error());
    co_return Judged{*right};
  }
  if (!record && co_await directory_.take_as_long(user)) co_return Judged{};
  HashJob job{decoy_, 0};
  if (has_password) {
    // The password of a directory's user may change there, and keys would not.
    const std::uint32_t wanted =
        options_.upgrade_iterations && !record->outside ? options_.upgrade_iterations() : 0;
    if (record->keys) {
      job.against = *record->keys;
      if (record->keys->iterations < wanted) job.new_iterations = wanted;
    } else {
      job.against = *record->hash;
      job.new_iterations = wanted;
    }
  } else {
    job.against = decoy_for(user);
  }
  auto verdict = co_await verify_in(hashing_, source.peer, std::move(job), std::move(password));
  if (!verdict) {
    log_.refusal(source, "too_many_hashes", user);
    co_return too_busy();
  }
  {
    const MutexLock lock(mutex_);
    ++hashes_;
  }
  co_return Judged{has_password && verdict->right, std::move(verdict->keys)};
}

async::Task<Result<Authenticator::Verified>> Authenticator::check_password(std::string user,
                                                                           Secret password,
                                                                           Source source) {
  auto remembered = co_await find_remembered(user, password.reveal(), source.service);
  if (!remembered) co_return not_looked_up(source, user, std::move(remembered.error()));
  const bool known = remembered->has_value();
  auto found = known ? std::move(remembered) : co_await directory_.find(user);
  if (!found) co_return not_looked_up(source, user, std::move(found.error()));
  std::optional<LoginRecord>& record = *found;
  const auto turn = co_await take_turn(budget_of(record, user), source, password.reveal());
  if (!turn) co_return std::unexpected(turn.error());
  if (known) co_return Verified{std::move(*record)};

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
    // An outside directory has been asked, so it is asked for the password too.
    if (takes_main && !record->outside && is_remembered(*record, mac))
      co_return Verified{std::move(*record)};
  }
  const bool checked_outside = record && record->outside && record->outside->checks_password;
  const bool has_password = takes_main && (checked_outside || record->keys || record->hash);
  const auto held = std::make_shared<const Secret>(std::move(password));
  auto judged = co_await judge(user, record, has_password, held, source);
  if (!judged) co_return pass(judged);
  if (!judged->right) {
    const std::string_view reason = !refused.empty() ? refused
                                    : !record        ? "unknown_user"
                                    : !takes_main    ? "main_password_off"
                                    : !has_password  ? "no_password"
                                                     : "wrong_password";
    note_failure({user, record ? &*record : nullptr, reason, held->reveal()}, source);
    co_return wrong();
  }
  if (judged->keys) {
    Status kept = co_await directory_.keep_keys(*record, std::move(*judged->keys));
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

async::Task<Result<Identity>> Authenticator::conclude(std::string user, LoginRecord record,
                                                      Source source, std::uint64_t app_password) {
  throttle_.succeeded(record.name, source.peer);
  if (record.state == AccountState::disabled) {
    log_.failure(source, "disabled", user);
    co_return fail(ErrorKind::no_permission, "This account is disabled");
  }
  const auto admitted = co_await directory_.admit(std::move(record));
  if (!admitted) co_return not_looked_up(source, user, admitted.error());
  Identity identity{admitted->account, admitted->name, admitted->version, app_password};
  if (admitted->rules) identity.without_capabilities = admitted->rules->without_for(app_password);
  log_.success(source, identity, user);
  co_return identity;
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
  // A user of an outside directory has no account before the first login.
  if (record.account == AccountId{}) return;
  const std::chrono::seconds time =
      record.outside ? std::min(record.outside->remember_for, options_.remember_for)
                     : options_.remember_for;
  const MutexLock lock(mutex_);
  remembered_.at(std::string(record.account.view())) = {record.version, mac,
                                                        clock_.now().seconds + time.count()};
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
