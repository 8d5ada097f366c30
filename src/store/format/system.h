#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "engine/engine.h"

/// The partitions that do not belong to an account: one for the system, the directory, the queue,
/// and the list of what is shared. The directory is divided into shards by the hash of the address,
/// so that logins are spread over partitions; the queue is divided into shards by account, the list
/// of what is shared by who may use it.
namespace posthorn::store {

PartitionId system_partition();
/// Lists the processes that have the store open (store/nodes/node_list.h).
PartitionId nodes_partition();
inline constexpr std::uint8_t kDirectoryShards = 16;
PartitionId directory_partition(std::uint8_t shard);
std::uint8_t directory_shard_of(std::string_view address);
inline constexpr std::uint8_t kQueueShards = 16;
/// Lists the accounts that have something to send (store/change/queue_list.h).
PartitionId queue_partition(std::uint8_t shard);
inline constexpr std::uint8_t kShareShards = 16;
/// Lists who is granted something by whom (store/change/share_list.h).
PartitionId share_partition(std::uint8_t shard);
std::uint8_t share_shard_of(std::string_view grantee);
bool is_directory_partition(const PartitionId& id);
bool is_share_partition(const PartitionId& id);
/// Returns true if the id belongs to an account.
bool is_account_partition(const PartitionId& id);

/// Converts ASCII letters to lower case and leaves all else unchanged (local parts may be UTF-8).
std::string normalize_address(std::string_view address);

/// Returns the key for naming pieces. It is created on first use and stored in the system
/// partition. Refuses a store written by a newer version. Blocks.
Result<std::string> open_system(engine::Engine& engine);

/// Waits for a commit, and returns the version after it. Must not be called on a loop's thread.
Result<engine::PartitionVersion> commit_and_wait(engine::Engine& engine, engine::Commit commit);

/// Reads the row `key` and commits the edits that `make` returns for it. After a conflict it tries
/// again, with pauses of growing and random length. `make` receives the row's value, if there is
/// one; an empty result means that there is nothing to do. Blocks, so it must not be called on a
/// loop's thread.
/// Errors: unavailable after several seconds of conflicts; those of `make` and of the engine.
Status edit_row(
    engine::Engine& engine, const PartitionId& partition, const std::string& key,
    const std::function<Result<std::vector<engine::Edit>>(const std::optional<std::string>&)>&
        make);

}  // namespace posthorn::store
