#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "store/read/lru_cache.h"
#include "store/store.h"

namespace posthorn::store {

/// What an open store counts of itself.
struct StoreNumbers {
  struct Cache {
    std::string_view name;
    CacheUse use;
  };
  std::vector<Cache> caches;
  std::size_t open_accounts = 0;
};

/// Thread: any.
StoreNumbers numbers_of(Store& store);

}  // namespace posthorn::store
