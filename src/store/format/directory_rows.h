#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "engine/engine.h"
#include "store/store.h"

/// The rows that define an account: those of its addresses in the directory, and that of its
/// profile.
namespace posthorn::store {

std::string encode_address(const AddressEntry& entry);
/// Errors: corrupt, not_supported.
Result<AddressEntry> decode_address(std::string_view record);

/// Errors: not_found, corrupt, and those of the engine.
async::Task<Result<AccountProfile>> read_profile(engine::Engine& engine, AccountId id);

}  // namespace posthorn::store
