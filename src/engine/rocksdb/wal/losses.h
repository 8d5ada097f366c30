#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

/// Records that a store may be older than what its clients have seen: acknowledged changes were
/// lost and the loss was accepted, or an older backup was restored. From then on, the numbers it
/// assigns must be above all numbers it ever assigned. The store above the engine ensures this when
/// it finds an *epoch* that it does not know (store/read/behind.h).
namespace posthorn::engine::rocks {

/// A file beside the store's other files, with one line per event that begins with its epoch.
inline constexpr const char* kLossesFile = "LOSSES";

/// Declares that this store may be older than what clients have seen. Durable on return; takes
/// effect with the next open. `why` is one line for people. Returns the new epoch: seconds since
/// 1970, but always above every earlier epoch.
/// Requires: the store is not open.
/// Errors: io.
Result<std::uint64_t> declare_older(const std::string& folder, const std::string& why);

/// Returns the latest declared epoch; 0 if there is none. Errors: io (the file exists but cannot be
/// read).
Result<std::uint64_t> latest_epoch(const std::string& folder);

}  // namespace posthorn::engine::rocks
