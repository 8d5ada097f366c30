#include "app/accounts.h"

#include "auth/credentials.h"
#include "service/account_name.h"

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

async::Task<Result<std::optional<auth::LoginRecord>>> Accounts::find(std::string login) {
  auto entry = co_await look_up(std::move(login));
  if (!entry) co_return pass(entry);
  if (!*entry || (*entry)->alias) co_return std::nullopt;
  auto profile = co_await store_.profile((*entry)->account);
  if (!profile && profile.error().kind == ErrorKind::not_found) co_return std::nullopt;
  if (!profile) co_return pass(profile);
  auth::LoginRecord record;
  if (!profile->credentials.empty()) {
    auto keys = auth::decode_keys(profile->credentials);
    if (!keys) co_return pass(keys);
    record.keys = std::move(*keys);
  }
  record.account = (*entry)->account;
  record.name = profile->name;
  record.state = profile->disabled ? auth::AccountState::disabled : auth::AccountState::active;
  record.version = profile->version;
  co_return record;
}

}  // namespace posthorn::app
