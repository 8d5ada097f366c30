#include "service/login.h"

namespace posthorn::service {

async::Task<Status> confirm_login(store::Store& store, AccountId account, std::uint64_t version) {
  auto profile = co_await store.profile(account);
  if (profile && profile->version == version) co_return Status();
  if (!profile && profile.error().kind != ErrorKind::not_found) co_return pass(profile);
  co_return fail(ErrorKind::unavailable, std::string(kLoginChanged));
}

}  // namespace posthorn::service
