#include "service/quota.h"

namespace posthorn::service {

async::Task<Status> set_storage_quota(store::AccountPtr account, std::uint64_t octets) {
  store::Quota quota = account->published()->counters.quota;
  if (quota.max_bytes == octets) co_return Status();
  quota.max_bytes = octets;
  auto done = co_await account->change(store::Actor::administrator(), {},
                                       [quota](store::Change& change) -> Status {
                                         change.set_quota(quota);
                                         return {};
                                       });
  if (!done) co_return pass(done);
  co_return Status();
}

}  // namespace posthorn::service
