#include "service/scram_hint.h"

#include "auth/credentials.h"
#include "auth/rules/login_rules.h"

namespace posthorn::service {

Result<bool> is_without_scram(const store::AccountProfile& profile) {
  auto rules = auth::decode_rules(profile.login_rules);
  if (!rules) return pass(rules);
  if (rules->main_password != auth::MainPassword::everywhere) return true;
  if (profile.credentials.empty()) return false;
  auto credentials = auth::decode_credentials(profile.credentials);
  if (!credentials) return pass(credentials);
  return !credentials->keys;
}

async::Task<Result<bool>> update_scram_hint(store::Store& store, AccountId account) {
  auto profile = co_await store.profile(account);
  if (!profile && profile.error().kind != ErrorKind::not_found) co_return pass(profile);
  bool without = false;
  // The profile of a removed account is still there for a day.
  bool exists = false;
  if (profile) {
    auto entry = co_await store.find_address(profile->name);
    if (!entry) co_return pass(entry);
    exists = *entry && (*entry)->account == account;
  }
  if (exists) {
    auto judged = is_without_scram(*profile);
    if (!judged) co_return pass(judged);
    without = *judged;
  }
  Status noted;
  if (without) {
    noted = co_await store.note_without_scram(account);
  } else {
    noted = co_await store.forget_without_scram(account);
  }
  if (!noted) co_return pass(noted);
  co_return without;
}

}  // namespace posthorn::service
