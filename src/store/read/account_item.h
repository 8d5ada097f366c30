#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

#include "base/ids.h"

namespace posthorn::store {

/// Identifies a page or a run of stored messages of one account, as the key of a cache.
struct AccountItem {
  AccountId account;
  std::uint64_t number = 0;
  friend bool operator==(const AccountItem&, const AccountItem&) = default;
};

}  // namespace posthorn::store

template <>
struct std::hash<posthorn::store::AccountItem> {
  std::size_t operator()(const posthorn::store::AccountItem& item) const noexcept {
    return std::hash<posthorn::AccountId>{}(item.account) ^ item.number * 0x9E3779B97F4A7C15ULL;
  }
};
