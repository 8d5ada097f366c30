#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "engine/engine.h"

/// The partitions that belong to no account: one of the system, the directory in shards by the hash
/// of an address, so that no one partition sees every login, and the queue in shards by account.
namespace posthorn::store {

PartitionId system_partition();
inline constexpr std::uint8_t kDirectoryShards = 16;
PartitionId directory_partition(std::uint8_t shard);
std::uint8_t directory_shard_of(std::string_view address);
inline constexpr std::uint8_t kQueueShards = 16;
/// Holds which accounts have something to send (store/change/queue_list.h).
PartitionId queue_partition(std::uint8_t shard);
/// Whether the id is of an account.
bool is_account_partition(const PartitionId& id);

/// ASCII letters in lower case; everything else as it is (local parts may be UTF-8).
std::string normalize_address(std::string_view address);

/// The octets that name pieces, made on first use and kept in the system partition. Refuses a store
/// written by a newer version. May block.
Result<std::string> open_system(engine::Engine& engine);

/// Waits for a commit. Not on a loop's thread.
Result<Seq> commit_and_wait(engine::Engine& engine, engine::Commit commit);

/// Reads `key` and commits the edits `make` answers; when somebody was faster, again after a pause
/// that grows and differs. May block. `make` is given the row's value, if there is one; no edits:
/// nothing to do. Errors: unavailable after some seconds of bad luck; what `make` and the
/// engine say.
Status edit_row(
    engine::Engine& engine, const PartitionId& partition, const std::string& key,
    const std::function<Result<std::vector<engine::Edit>>(const std::optional<std::string>&)>&
        make);

}  // namespace posthorn::store
