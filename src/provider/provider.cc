#include "provider/provider.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "auth/crypto.h"
#include "base/ids.h"
#include "base/log.h"

namespace posthorn::provider {

using auth::ProviderMetadata;
using auth::TokenFault;
using auth::TokenJudgement;
using auth::TokenVerifier;

namespace {

/// After two failures in a row, nobody waits for the next ones.
constexpr std::chrono::seconds kRest{1};
constexpr std::chrono::minutes kComplainAgain{1};
/// After a failure, keys that are old but may be used are used for so long before the next attempt.
constexpr std::chrono::minutes kOldKeysPause{1};
/// A token that does not count is asked about again soon: its issuer may have been told of it late.
constexpr std::chrono::seconds kNegativeTime{10};
constexpr std::size_t kCacheSecretOctets = 32;

std::unexpected<Error> cannot_be_asked(const Error& error) {
  return fail(ErrorKind::unavailable,
              "Tokens cannot be checked at the moment; please try again later",
              error.cause.empty() ? error.text : fmt::format("{}: {}", error.text, error.cause));
}

}  // namespace

Provider::Provider(ProviderOptions options, VerifierPtr fixed, Fetch fetch, Threads& threads,
                   Numbers& numbers, Steady steady)
    : options_(std::move(options)),
      fixed_(std::move(fixed)),
      fetch_(std::move(fetch)),
      threads_(threads),
      numbers_(numbers),
      steady_(std::move(steady)),
      cache_secret_(auth::random_bytes(kCacheSecretOctets)),
      remembered_(kMaxRemembered) {}

Result<std::shared_ptr<Provider>> Provider::make(ProviderOptions options, VerifierPtr fixed,
                                                 Fetch fetch, Threads& threads, Numbers& numbers,
                                                 Steady steady) {
  const bool fetches_keys = !fixed && options.introspect != Introspect::always;
  const bool introspects = options.introspect != Introspect::never;
  const std::pair<std::string_view, const std::string*> urls[] = {
      {"jwks_url", &options.jwks_url}, {"introspection_url", &options.introspection_url}};
  for (const auto& [name, url] : urls) {
    if (url->empty()) continue;
    if (const Status valid = check_url(*url, PlainHttp::on_loopback); !valid)
      return fail(ErrorKind::bad_argument,
                  fmt::format("'auth.oauth.{}' {}", name, valid.error().text));
  }
  const bool discovers = (fetches_keys && options.jwks_url.empty()) ||
                         (introspects && options.introspection_url.empty());
  if (discovers) {
    if (const Status valid = check_url(options.rules.issuer, PlainHttp::on_loopback); !valid)
      return fail(ErrorKind::bad_argument,
                  fmt::format("'auth.oauth.issuer' {}, because the provider's addresses are found "
                              "by it (RFC 8414)",
                              valid.error().text));
  }
  if (options.rules.audience.empty() && options.introspect != Introspect::always)
    return fail(ErrorKind::bad_argument,
                "'auth.oauth.audience' may be empty only if every token is introspected");
  if (options.rules.issuer.empty() || options.rules.user_claim.empty())
    return fail(ErrorKind::bad_argument, "auth.oauth needs issuer and user_claim");
  return std::shared_ptr<Provider>(new Provider(
      std::move(options), std::move(fixed), std::move(fetch), threads, numbers, std::move(steady)));
}

namespace {

Status status_of(auto&& result) {
  if (!result) return std::unexpected(std::move(result.error()));
  return {};
}

}  // namespace

Provider::Examination Provider::examine(Timestamp now) const {
  Examination found;
  const bool asks_for_keys = fetches_keys();
  const bool asks_about_tokens = introspects();
  if ((asks_for_keys && options_.jwks_url.empty()) ||
      (asks_about_tokens && options_.introspection_url.empty())) {
    found.metadata = status_of(metadata());
    // The rest would fail for the same reason.
    if (!*found.metadata) return found;
  }
  if (asks_for_keys) found.keys = status_of(fetch_keys());
  if (!asks_about_tokens) return found;
  const auth::Secret made_up("posthorn-doctor-" + to_hex(random_partition_id()));
  const auto judged = introspect_now(made_up, now);
  found.introspection = status_of(judged);
  if (judged && *judged)
    found.introspection =
        fail(ErrorKind::corrupt, "a token that nobody has issued is said to count");
  return found;
}

void Provider::adopt(const Provider& older) {
  const auto& mine = options_;
  const auto& its = older.options_;
  if (mine.rules.issuer != its.rules.issuer || mine.jwks_url != its.jwks_url ||
      mine.rules.audience != its.rules.audience || mine.rules.scope != its.rules.scope ||
      mine.rules.user_claim != its.rules.user_claim || mine.rules.leeway != its.rules.leeway)
    return;
  Kept<TokenVerifier> keys;
  {
    const MutexLock lock(older.mutex_);
    keys = older.keys_;
  }
  // They are used if the provider does not answer, but it is asked first.
  keys.fresh_until = {};
  const MutexLock lock(mutex_);
  keys_ = std::move(keys);
}

std::uint64_t Provider::keys_round() const {
  const MutexLock lock(mutex_);
  return keys_round_;
}

bool Provider::keys_are_down() const {
  const MutexLock lock(mutex_);
  return keys_health_.down;
}

bool Provider::may_refresh() const { return keys_health_.down || steady_() >= next_unknown_; }

std::variant<TokenJudgement, Provider::Needs> Provider::look(std::string_view token,
                                                             Timestamp now) const {
  if (options_.introspect != Introspect::always) {
    VerifierPtr keys = fixed_;
    if (!keys) {
      const MutexLock lock(mutex_);
      if (keys_.value && steady_() < keys_.fresh_until) keys = keys_.value;
    }
    if (!keys) return Needs::keys;
    TokenJudgement judgement = keys->user_of(token, now);
    if (!judgement && judgement.error() == TokenFault::unknown_key && !fixed_) {
      const MutexLock lock(mutex_);
      if (may_refresh()) return Needs::keys;
    }
    const bool is_jwt = judgement || judgement.error() != TokenFault::malformed;
    if (is_jwt || options_.introspect == Introspect::never) return judgement;
  }
  if (auto known = remembered(token, now)) return std::move(*known);
  return Needs::introspection;
}

std::optional<TokenJudgement> Provider::judge_now(std::string_view token, Timestamp now) const {
  auto found = look(token, now);
  if (auto* const judgement = std::get_if<TokenJudgement>(&found)) return std::move(*judgement);
  return std::nullopt;
}

async::Task<Result<TokenJudgement>> Provider::ask(std::shared_ptr<const auth::Secret> token,
                                                  Timestamp now) const {
  const auto self = shared_from_this();
  auto found = look(token->reveal(), now);
  if (const auto* const needs = std::get_if<Needs>(&found); needs && *needs == Needs::keys) {
    auto keys = co_await threads_.keys.run<VerifierPtr>(
        [self, round = keys_round()] { return self->refresh_keys(round); });
    if (!keys) co_return cannot_be_asked(keys.error());
    TokenJudgement judgement = (*keys)->user_of(token->reveal(), now);
    // Old keys say nothing about a token that names a newer one.
    if (!judgement && judgement.error() == TokenFault::unknown_key && keys_are_down())
      co_return cannot_be_asked({ErrorKind::unavailable, "the provider's keys cannot be read"});
    const bool is_jwt = judgement || judgement.error() != TokenFault::malformed;
    if (is_jwt || options_.introspect == Introspect::never) co_return judgement;
    found = Needs::introspection;
    if (auto known = remembered(token->reveal(), now)) found = std::move(*known);
  }
  if (auto* const judgement = std::get_if<TokenJudgement>(&found)) co_return std::move(*judgement);
  auto answer = co_await threads_.introspection.run<TokenJudgement>(
      [self, token, now] { return self->introspect(*token, now); });
  if (!answer) co_return cannot_be_asked(answer.error());
  co_return answer;
}

bool Provider::rests(const Health& health) const {
  return health.down && steady_() < health.rest_until;
}

void Provider::note(Health& health, std::string_view what, const Error* trouble) const {
  const Time now = steady_();
  if (trouble == nullptr) {
    if (health.down) log::info("auth.oauth: {} again", what);
    health.down = false;
    return;
  }
  numbers_.unavailable.add();
  if (health.down) health.rest_until = now + kRest;
  if (!health.down || now - health.complained >= kComplainAgain) {
    health.complained = now;
    log::error("auth.oauth: {}; logins with tokens fail temporarily until that works",
               trouble->text);
  }
  health.down = true;
}

Result<Provider::VerifierPtr> Provider::refresh_keys(std::uint64_t round) const {
  {
    const MutexLock lock(mutex_);
    // Somebody who came before has done it.
    if (keys_round_ != round && keys_.value) return keys_.value;
    if (rests(keys_health_))
      return fail(ErrorKind::unavailable, "the provider's keys could not be read a moment ago");
  }
  auto keys = fetch_keys();
  const Time now = steady_();
  const MutexLock lock(mutex_);
  if (!keys) {
    note(keys_health_, "", &keys.error());
    // Only for tokens that name one of these keys.
    if (keys_.value && now - keys_.fetched < kKeepKeys && now >= keys_.fresh_until) {
      keys_.fresh_until = now + kOldKeysPause;
      return keys_.value;
    }
    return pass(keys);
  }
  note(keys_health_, "the provider's keys can be read", nullptr);
  // Keys that were there, and were fetched nevertheless, lacked the one that a token names.
  if (keys_.value && now < keys_.fresh_until) next_unknown_ = now + kUnknownKeyPause;
  keys_ = {*keys, now, now + options_.keys_time};
  ++keys_round_;
  return keys;
}

Result<Provider::VerifierPtr> Provider::fetch_keys() const {
  std::string url = options_.jwks_url;
  if (url.empty()) {
    auto found = metadata();
    if (!found) return pass(found);
    url = found->jwks_uri;
    if (const Status valid = check_found(url, "jwks_uri"); !valid)
      return std::unexpected(valid.error());
  }
  const auto text = ask_for({.url = url});
  if (!text) return std::unexpected(text.error());
  auto keys = TokenVerifier::make(options_.rules, *text);
  if (!keys) return fail(ErrorKind::unavailable, fmt::format("{}: {}", url, keys.error().text));
  numbers_.keys_read.add();
  return keys;
}

/// A URL from the metadata leads to plain HTTP only where the metadata come from there.
Status Provider::check_found(const std::string& url, std::string_view name) const {
  const bool is_plain = options_.rules.issuer.starts_with("http://");
  const Status valid = check_url(url, is_plain ? PlainHttp::on_loopback : PlainHttp::refused);
  if (valid) return valid;
  return fail(ErrorKind::unavailable,
              fmt::format("\"{}\" in the metadata of {} {}", name, options_.rules.issuer,
                          url.empty() ? "is missing" : valid.error().text));
}

Result<ProviderMetadata> Provider::metadata() const {
  const Time now = steady_();
  {
    const MutexLock lock(mutex_);
    if (metadata_.value && now < metadata_.fresh_until) return *metadata_.value;
  }
  auto found = fetch_metadata();
  const MutexLock lock(mutex_);
  if (found) {
    metadata_ = {std::make_shared<const ProviderMetadata>(*found), now, now + options_.keys_time};
    return found;
  }
  if (metadata_.value && now - metadata_.fetched < kKeepKeys) return *metadata_.value;
  return found;
}

Result<ProviderMetadata> Provider::fetch_metadata() const {
  Result<ProviderMetadata> found = fail(ErrorKind::unavailable, "there are no metadata");
  for (const std::string& url : auth::metadata_urls(options_.rules.issuer)) {
    long status = 0;
    const auto text = ask_for({.url = url}, &status);
    if (text) {
      found = auth::parse_metadata(*text, options_.rules.issuer);
      if (found) return found;
      found = fail(ErrorKind::unavailable, fmt::format("{}: {}", url, found.error().text));
    } else {
      found = std::unexpected(text.error());
      // Otherwise it may have the metadata somewhere else.
      if (status == 0 || status >= 500) break;
    }
  }
  return found;
}

Result<std::string> Provider::ask_for(const Request& request, long* status) const {
  const Time began = std::chrono::steady_clock::now();
  auto answer = fetch_(request);
  if (!answer) return fail(ErrorKind::unavailable, answer.error().text);
  numbers_.took.add(std::chrono::steady_clock::now() - began);
  if (status != nullptr) *status = answer->status;
  if (answer->status == 200) return std::move(answer->body);
  const bool redirects = answer->status >= 300 && answer->status < 400;
  return fail(ErrorKind::unavailable,
              fmt::format("{}: the answer has status {}{}", request.url, answer->status,
                          redirects ? ", and redirects are not followed" : ""));
}

Result<TokenJudgement> Provider::introspect(const auth::Secret& token, Timestamp now) const {
  // Somebody who came before may have asked.
  if (auto known = remembered(token.reveal(), now)) return std::move(*known);
  {
    const MutexLock lock(mutex_);
    if (rests(introspection_health_))
      return fail(ErrorKind::unavailable, "the provider did not answer a moment ago");
  }
  auto answer = introspect_now(token, now);
  {
    const MutexLock lock(mutex_);
    note(introspection_health_, "the provider tells of tokens", answer ? nullptr : &answer.error());
  }
  if (answer) remember(token.reveal(), *answer, now);
  return answer;
}

Result<TokenJudgement> Provider::introspect_now(const auth::Secret& token, Timestamp now) const {
  std::string url = options_.introspection_url;
  if (url.empty()) {
    auto found = metadata();
    if (!found) return pass(found);
    url = found->introspection_endpoint;
    if (const Status valid = check_found(url, "introspection_endpoint"); !valid)
      return std::unexpected(valid.error());
  }
  std::string encoded = percent_encoded(token.reveal());
  std::string form;
  form.reserve(encoded.size() + 64);
  form += "token=";
  form += encoded;
  form += "&token_type_hint=access_token";
  auth::wipe(encoded);
  Request request{.url = url,
                  .form = std::make_shared<const auth::Secret>(form),
                  .user = options_.client_id,
                  .password = options_.client_secret};
  auth::wipe(form);
  const auto text = ask_for(request);
  if (!text) return std::unexpected(text.error());
  auto answer = auth::parse_introspection(*text, options_.rules, now);
  if (!answer) return fail(ErrorKind::unavailable, fmt::format("{}: {}", url, answer.error().text));
  numbers_.introspected.add();
  return answer;
}

std::string Provider::cache_key(std::string_view token) const {
  return std::string(auth::view(auth::hmac(cache_secret_, token)));
}

void Provider::remember(std::string_view token, const TokenJudgement& judgement,
                        Timestamp now) const {
  std::chrono::seconds time = options_.introspection_time;
  if (!judgement) time = std::min(time, kNegativeTime);
  if (time.count() == 0) return;
  std::int64_t until = now.seconds + time.count();
  if (judgement && judgement->expires) until = std::min(until, *judgement->expires);
  const std::string key = cache_key(token);
  const MutexLock lock(mutex_);
  remembered_.at(key) = {judgement, now.seconds, until};
}

std::optional<TokenJudgement> Provider::remembered(std::string_view token, Timestamp now) const {
  const std::string key = cache_key(token);
  const MutexLock lock(mutex_);
  const Remembered* const known = remembered_.find(key);
  // The clock may have been set back.
  if (known == nullptr || now.seconds >= known->until || now.seconds < known->since)
    return std::nullopt;
  numbers_.from_cache.add();
  return known->judgement;
}

}  // namespace posthorn::provider
