#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "engine/engine.h"

/// Handles a store that may be older than what clients have seen of it (Engine::epoch):
/// acknowledged changes were lost, or an older copy was restored. Every account must then assign
/// numbers above any it may ever have assigned; otherwise a client would take one message for
/// another. This is done when an account is next opened, so accounts that are not opened cost
/// nothing.
namespace posthorn::store {

/// An account's record of this, stored in a row of its own.
struct Behind {
  std::uint64_t epoch = 0;  ///< The engine's epoch when the account was last brought level with it.
  /// No message has a lower MODSEQ, and history does not reach below it. A client that asks for
  /// changes since an earlier MODSEQ is told of every message.
  ModSeq floor;
};
std::string encode_behind(const Behind& behind);
Result<Behind> decode_behind(std::string_view record);
/// Returns all zeros for an account without such a row.
async::Task<Result<Behind>> read_behind(engine::Engine& engine, PartitionId id);

/// The distance by which an account's numbers jump. It exceeds what the account can have assigned
/// since the lost state. A lost log has at most some hundred MB, and each message, mailbox or
/// change takes several octets of it, so this is enough for any such loss; for an older copy it is
/// enough for some years.
///
/// The same copy may be restored more than once, and clients may have seen the numbers that were
/// assigned after the first time. Therefore a jump is longer by an amount for each second since the
/// epoch before it, or since 2026 if there was none: two jumps from the same state end at different
/// places, and the numbers assigned from the one never reach the other, unless a mailbox gets more
/// than four messages, or an account more than one mailbox or a million changes, in each second
/// between the two.
struct Jump {
  static constexpr std::uint32_t uids = 1U << 26U;
  static constexpr std::uint64_t changes = std::uint64_t{1} << 32U;   ///< MODSEQs and outbox ids.
  static constexpr std::uint64_t messages = std::uint64_t{1} << 32U;  ///< Ordinals: EMAILIDs.
  static constexpr std::uint32_t mailboxes = 1U << 20U;
  static constexpr std::uint32_t uid_validities = 1U << 20U;

  static constexpr std::uint64_t origin = 1'767'225'600;  ///< 2026-01-01, in seconds since 1970.
  // For each second since the epoch before, or the origin.
  static constexpr std::uint32_t uids_per_second = 4;
  static constexpr std::uint64_t changes_per_second = 1U << 20U;
  static constexpr std::uint64_t messages_per_second = 1U << 20U;
};

/// Brings an account level with `epoch`, unless it is already: its numbers jump, in one durable
/// commit. A mailbox that has too few UIDs left for the jump gets a new UIDVALIDITY.
///
/// Changes in the middle may be lost while later ones exist. Therefore all redundant data is made
/// consistent again: heads and quota counters are computed from the messages that exist, a mailbox
/// without a name gets one, and a missing page of rows is left out and logged. Reads every mailbox
/// of the account once. Blocks, unless the
/// account is level.
/// Errors: those of loading, except for what is repaired here; io, unavailable; conflict if another
/// process changes the account, for example because it opens it too.
async::Task<Status> bring_level(engine::Engine& engine, PartitionId id, std::uint64_t epoch);

}  // namespace posthorn::store
