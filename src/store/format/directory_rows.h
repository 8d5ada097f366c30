#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/engine.h"
#include "store/store.h"

/// The rows that define an account: those of its addresses in the directory, and that of its
/// profile.
namespace posthorn::store {

std::string encode_address(const AddressEntry& entry);
/// Errors: corrupt, not_supported.
Result<AddressEntry> decode_address(std::string_view record);

/// What is kept of an account that was removed, until the sweep removes its mail. Also written
/// while an account is being created; that one is not disabled.
struct AccountRemoval {
  std::int64_t since = 0;  ///< Seconds since 1970.
  /// The account was disabled before it was removed.
  bool was_disabled = false;
  /// The aliases that led to this account alone, as far as they have room.
  std::vector<std::string> aliases;
  static constexpr std::size_t kMaxAliasOctets = 20'000;
};
std::string encode_removal(const AccountRemoval& removal);
/// Reads also what older versions wrote, which is only the time. Errors: corrupt, not_supported.
Result<AccountRemoval> decode_removal(std::string_view record);

/// Errors: not_found, corrupt, and those of the engine.
async::Task<Result<AccountProfile>> read_profile(engine::Engine& engine, AccountId id);

}  // namespace posthorn::store
