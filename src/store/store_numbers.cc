#include "store/store_numbers.h"

#include "store/store_state.h"

namespace posthorn::store {

StoreNumbers numbers_of(Store& store) {
  Store::State& state = store.state();
  StoreNumbers numbers;
  numbers.caches = {{"pages", state.pages.use()},
                    {"records", state.records.use()},
                    {"pieces", state.pieces.use()},
                    {"addresses", state.addresses.use()},
                    {"profiles", state.profiles.use()}};
  for (const auto& shard : state.shards) {
    const MutexLock lock(shard->open_mutex);
    numbers.open_accounts += shard->open.size();
  }
  return numbers;
}

}  // namespace posthorn::store
