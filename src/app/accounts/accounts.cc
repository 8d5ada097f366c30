#include "app/accounts/accounts.h"

#include <algorithm>
#include <cstdlib>

#include "auth/credentials.h"
#include "service/account_name.h"
#include "service/scram_hint.h"

namespace posthorn::app {

using service::normal_name;

Accounts::Accounts(store::Store& store, AccountsOptions options, directory::Chain chain)
    : store_(store),
      options_(std::move(options)),
      chain_(std::move(chain)),
      finder_(store, chain_, domains_) {
  set_domains(options_.domains);
  if (options_.any_user)
    any_user_credentials_ =
        auth::encode_keys(auth::make_keys(*options_.any_user, auth::kMinIterations));
}

void Accounts::set_domains(std::vector<std::string> domains) {
  for (std::string& domain : domains) domain = normal_name(domain);
  domains_.store(std::make_shared<const std::vector<std::string>>(std::move(domains)));
}

std::string Accounts::whole_name(std::string_view name) const {
  std::string whole = normal_name(name);
  const auto domains = domains_.load();
  if (!whole.contains('@') && !domains->empty()) whole += '@' + domains->front();
  return whole;
}

std::vector<std::string> Accounts::candidates(std::string_view name) const {
  std::vector<std::string> names = {normal_name(name)};
  if (!name.contains('@')) {
    const auto domains = domains_.load();
    for (const std::string& domain : *domains)
      names.push_back(fmt::format("{}@{}", names.front(), domain));
  }
  return names;
}

async::Task<Result<std::optional<Found>>> Accounts::find_first(std::string name, directory::Age age,
                                                               AccountFinder::What what) {
  for (std::string& candidate : candidates(name)) {
    auto found = co_await finder_.find(std::move(candidate), age, what);
    if (!found || *found) co_return found;
  }
  co_return std::nullopt;
}

async::Task<Result<Accounts::Entry>> Accounts::make_any(std::string name) {
  const std::string address = candidates(name).back();
  auto made =
      co_await store_.create_account(address, any_user_credentials_, store_.policy().default_quota);
  // Two connections may use a new name at the same time.
  if (!made && made.error().kind != ErrorKind::already_exists) co_return pass(made);
  co_return co_await store_.find_address(address);
}

async::Task<Result<Accounts::Entry>> Accounts::find_recipient(std::string address) {
  auto found =
      co_await find_first(address, directory::Age::recent, AccountFinder::What::users_and_aliases);
  if (!found) co_return pass(found);
  Entry entry;
  if (*found) {
    auto whose = co_await entry_of(std::move(**found));
    if (!whose) co_return whose;
    entry = std::move(*whose);
  }
  if (!entry && options_.any_user) co_return co_await make_any(std::move(address));
  co_return entry;
}

namespace {

std::unexpected<Error> unreadable(const store::AccountProfile& profile, const Error& error) {
  return fail(error.kind, fmt::format("account {}: {}", profile.name, error.text));
}

/// Adds to a record what the store has of the account.
Status add_profile(const store::AccountProfile& profile, auth::LoginRecord& record) {
  if (!profile.login_rules.empty()) {
    auto rules = auth::decode_rules(profile.login_rules);
    if (!rules) return unreadable(profile, rules.error());
    record.rules = std::make_shared<const auth::LoginRules>(std::move(*rules));
  }
  record.name = profile.name;
  if (profile.disabled) record.state = auth::AccountState::disabled;
  record.version = profile.version;
  return {};
}

}  // namespace

async::Task<Result<std::optional<auth::LoginRecord>>> Accounts::find(std::string login) {
  auto found = co_await find_first(login, directory::Age::now, AccountFinder::What::users);
  if (!found) co_return pass(found);
  if (*found) co_return co_await record_of(std::move(**found));
  if (options_.any_user) {
    auto entry = co_await make_any(std::move(login));
    if (!entry) co_return pass(entry);
    if (*entry) co_return co_await record_of({.entry = std::move(*entry)});
    co_return std::nullopt;
  }
  if (has_directories()) co_await note_lost(std::move(login));
  co_return std::nullopt;
}

async::Task<Result<Accounts::Record>> Accounts::record_of(Found found) {
  if (found.entry && found.entry->alias) co_return std::nullopt;
  auth::LoginRecord record;
  if (found.entry) {
    record.account = found.entry->account;
    auto profile = co_await store_.profile(record.account);
    if (!profile && profile.error().kind == ErrorKind::not_found) co_return std::nullopt;
    if (!profile) co_return pass(profile);
    // Nobody logs in as a team, by whatever mechanism, nor acts as one.
    if (profile->team) co_return std::nullopt;
    if (!found.person && !profile->credentials.empty()) {
      auto credentials = auth::decode_credentials(profile->credentials);
      if (!credentials) co_return unreadable(*profile, credentials.error());
      record.keys = std::move(credentials->keys);
      record.hash = std::move(credentials->hash);
    }
    if (Status added = add_profile(*profile, record); !added) co_return pass(added);
  }
  if (found.person) {
    add_person(found, record);
    if (found.person->groups) groups_->put(found.person->name, *found.person->groups);
    if (!found.person->enabled && found.entry && options_.on_lost)
      options_.on_lost(found.entry->account);
  }
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
