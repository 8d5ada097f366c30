#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

/// When a store may be older than what its clients have seen: acknowledged changes were lost and a
/// start went on all the same, or (later) an older backup was put back. The numbers it gives out
/// from then on must be above all it ever gave out; the store above the engine sees to that when it
/// sees an *epoch* it does not know (store/read/behind.h).
namespace posthorn::engine::rocks {

/// The file beside the store's others: a line for each time, its epoch first.
inline constexpr const char* kLossesFile = "LOSSES";

/// "This store may be older than what clients have seen": durable on return, in force with the next
/// open. `why` is one line for people. Answers the new epoch: seconds since 1970, but above every
/// earlier one. Requires: the store is not open. Errors: io.
Result<std::uint64_t> declare_older(const std::string& folder, const std::string& why);

/// The latest epoch declared; 0: never. Errors: io (the file is there and cannot be read).
Result<std::uint64_t> latest_epoch(const std::string& folder);

}  // namespace posthorn::engine::rocks
