#include "service/login.h"

#include <algorithm>

#include "auth/rules/login_rules.h"

namespace posthorn::service {
namespace {

std::unexpected<Error> changed() {
  return fail(ErrorKind::unavailable, std::string(kLoginChanged));
}

async::Task<Result<store::AccountProfile>> profile_at(store::Store& store, AccountId account,
                                                      std::uint64_t version) {
  auto profile = co_await store.profile(account);
  if (!profile && profile.error().kind != ErrorKind::not_found) co_return pass(profile);
  if (!profile || profile->version != version) co_return changed();
  co_return std::move(*profile);
}

}  // namespace

async::Task<Status> confirm_login(store::Store& store, auth::Identity identity) {
  auto profile = co_await profile_at(store, identity.account, identity.version);
  if (!profile) co_return pass(profile);
  if (identity.app_password != 0) {
    auto rules = auth::decode_rules(profile->login_rules);
    if (!rules) co_return pass(rules);
    if (std::ranges::find(rules->app_passwords, identity.app_password, &auth::AppPassword::id) ==
        rules->app_passwords.end())
      co_return changed();
  }
  if (identity.master) {
    auto master = co_await profile_at(store, identity.master->account, identity.master->version);
    if (!master) co_return pass(master);
  }
  co_return Status();
}

}  // namespace posthorn::service
