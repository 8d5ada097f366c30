#include "app/accounts.h"

#include <algorithm>
#include <cstdlib>

#include "auth/credentials.h"
#include "service/account_name.h"
#include "service/scram_hint.h"

namespace posthorn::app {

using service::normal_name;

Accounts::Accounts(store::Store& store, AccountsOptions options)
    : store_(store), options_(std::move(options)) {
  set_domains(options_.domains);
  if (options_.any_user)
    any_user_credentials_ =
        auth::encode_keys(auth::make_keys(*options_.any_user, auth::kMinIterations));
}

void Accounts::set_domains(std::vector<std::string> domains) {
  domains_.store(std::make_shared<const std::vector<std::string>>(std::move(domains)));
}

std::string Accounts::whole_name(std::string_view name) const {
  std::string whole = normal_name(name);
  const auto domains = domains_.load();
  if (!whole.contains('@') && !domains->empty()) whole += '@' + normal_name(domains->front());
  return whole;
}

async::Task<Result<std::optional<store::AddressEntry>>> Accounts::look_up(std::string name) {
  std::vector<std::string> candidates = {normal_name(name)};
  if (!name.contains('@')) {
    const auto domains = domains_.load();
    for (const std::string& domain : *domains)
      candidates.push_back(fmt::format("{}@{}", candidates.front(), normal_name(domain)));
  }
  for (const std::string& candidate : candidates) {
    auto found = co_await store_.find_address(candidate);
    if (!found) co_return pass(found);
    if (*found) co_return found;
  }
  if (!options_.any_user) co_return std::nullopt;
  auto made = co_await store_.create_account(candidates.back(), any_user_credentials_,
                                             store_.policy().default_quota);
  // Two connections may use a new name at the same time.
  if (!made && made.error().kind != ErrorKind::already_exists) co_return pass(made);
  co_return co_await store_.find_address(candidates.back());
}

async::Task<Result<std::optional<store::AddressEntry>>> Accounts::find_recipient(
    std::string address) {
  return look_up(std::move(address));
}

namespace {

std::unexpected<Error> unreadable(const store::AccountProfile& profile, const Error& error) {
  return fail(error.kind, fmt::format("account {}: {}", profile.name, error.text));
}

}  // namespace

async::Task<Result<std::optional<auth::LoginRecord>>> Accounts::find(std::string login) {
  auto entry = co_await look_up(std::move(login));
  if (!entry) co_return pass(entry);
  if (!*entry || (*entry)->alias) co_return std::nullopt;
  auto profile = co_await store_.profile((*entry)->account);
  if (!profile && profile.error().kind == ErrorKind::not_found) co_return std::nullopt;
  if (!profile) co_return pass(profile);
  auth::LoginRecord record;
  if (!profile->credentials.empty()) {
    auto credentials = auth::decode_credentials(profile->credentials);
    if (!credentials) co_return unreadable(*profile, credentials.error());
    record.keys = std::move(credentials->keys);
    record.hash = std::move(credentials->hash);
  }
  if (!profile->login_rules.empty()) {
    auto rules = auth::decode_rules(profile->login_rules);
    if (!rules) co_return unreadable(*profile, rules.error());
    record.rules = std::make_shared<const auth::LoginRules>(std::move(*rules));
  }
  record.account = (*entry)->account;
  record.name = profile->name;
  record.state = profile->disabled ? auth::AccountState::disabled : auth::AccountState::active;
  record.version = profile->version;
  co_return record;
}

async::Task<Status> Accounts::keep_keys(auth::LoginRecord record, auth::ScramKeys keys) {
  Status replaced =
      co_await store_.replace_credentials(record.account, record.version, auth::encode_keys(keys));
  if (!replaced) co_return replaced;
  auto without = co_await service::update_scram_hint(store_, record.account);
  if (!without) co_return pass(without);
  if (!*without && options_.on_keys) options_.on_keys(record.account);
  co_return Status();
}

async::Task<Status> Accounts::note_use(AccountId account, std::uint64_t app_password) {
  constexpr std::int64_t kInterval = 3600;
  const std::int64_t now = store_.clock().now().seconds;
  const auto note = [app_password, now](std::string& stored) -> Status {
    auto rules = auth::decode_rules(stored);
    if (!rules) return pass(rules);
    const auto used = std::ranges::find(rules->app_passwords, app_password, &auth::AppPassword::id);
    // The clock may have been set back.
    if (used == rules->app_passwords.end() || std::abs(now - used->last_used) < kInterval)
      return {};
    used->last_used = now;
    stored = auth::encode_rules(*rules);
    return {};
  };
  // Most logins have nothing to store, and need not wait for each other.
  auto profile = co_await store_.profile(account);
  if (!profile) co_return pass(profile);
  std::string tried = profile->login_rules;
  if (Status noted = note(tried); !noted || tried == profile->login_rules) co_return noted;
  co_return co_await store_.edit_login_rules(account, store::Store::Sessions::keep, note);
}

}  // namespace posthorn::app
