#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "engine/engine.h"

/// When a store may be older than what clients have seen of it (Engine::epoch): acknowledged
/// changes were lost, or an older copy was put back. Every account then has to give out numbers
/// above any it may ever have given out, or a client would take one message for another. That is
/// done when an account is next opened: accounts that nobody opens cost nothing.
namespace posthorn::store {

/// What an account remembers of it, in a row of its own.
struct Behind {
  std::uint64_t epoch = 0;  ///< Of the engine, when the account was last brought level with it.
  /// No message has a lower MODSEQ, and history does not reach below it: whoever asks for changes
  /// since an earlier one is told of every message.
  ModSeq floor;
};
std::string encode_behind(const Behind& behind);
Result<Behind> decode_behind(std::string_view record);
/// All zero for an account that has no such row.
Result<Behind> read_behind(engine::Engine& engine, const PartitionId& id);

/// How far an account's numbers jump: further than it can have given out since the state that was
/// lost. The log that was lost has at most some hundred MB, and a message, mailbox or change takes
/// some octets of it, so that this is enough for any loss; of an older copy it is enough
/// for some years.
struct Jump {
  static constexpr std::uint32_t uids = 1U << 26U;
  static constexpr std::uint64_t changes = std::uint64_t{1} << 32U;   ///< MODSEQs, outbox ids.
  static constexpr std::uint64_t messages = std::uint64_t{1} << 32U;  ///< Ordinals: EMAILIDs.
  static constexpr std::uint64_t pages = std::uint64_t{1} << 32U;
  static constexpr std::uint32_t mailboxes = 1U << 20U;
  static constexpr std::uint32_t uid_validities = 1U << 20U;
};

/// Brings an account level with `epoch`, if it is not: its numbers jump, in one durable commit. A
/// mailbox that has too few UIDs left for the jump gets a new UIDVALIDITY. Since changes in the
/// middle may be lost while later ones are there, everything that rows say of other rows is made
/// true again: heads and quota counters are counted from the messages there are, a mailbox without
/// a name gets one, a page of rows that is gone is left out, and logged. Reads every mailbox of the
/// account once. May block. Requires: nobody else changes the account. Errors: those of loading,
/// but for what it mends; io, unavailable.
Status bring_level(engine::Engine& engine, const PartitionId& id, std::uint64_t epoch);

}  // namespace posthorn::store
