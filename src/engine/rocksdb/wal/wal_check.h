#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/rocksdb/wal/wal_marks.h"

/// Tells a torn end of the write-ahead log, which a crash leaves of what nobody was promised, from
/// lost records that were durable once. RocksDB cannot: it stops at whatever it cannot read.
namespace posthorn::engine::rocks {

/// What one log has lost of its durable part.
struct WalLoss {
  std::uint64_t log = 0;
  bool missing = false;             ///< The whole file.
  std::uint64_t synced = 0;         ///< Its durable part: so many octets from its start.
  std::uint64_t size = 0;           ///< Of the file now.
  std::uint64_t at = 0;             ///< The first octet of it that cannot be read.
  std::uint64_t unreadable = 0;     ///< So many octets of the durable part are lost.
  std::uint64_t before = 0;         ///< The last number before `at`; 0: none.
  std::uint64_t after = 0;          ///< The first number of a record behind `at`; 0: none.
  std::uint64_t last = 0;           ///< The last number of this log that can be read; 0: none.
  std::uint64_t records_after = 0;  ///< Records behind `at` that can be read.
};

struct WalVerdict {
  std::vector<WalLoss> losses;  ///< Empty: at most a torn end. Ascending by log.
  WalMarks marks;               ///< In force, with what the logs themselves claim.
};

/// Reads every log in the folder. `marks`: as found in SYNCED, if it was whole. Changes nothing.
/// Requires: no process writes there. Errors: io.
Result<WalVerdict> judge_wal(const std::string& folder, const std::optional<WalMarks>& marks);

/// One sentence for each log that lost something.
std::string describe(const WalVerdict& verdict);

/// Goes on without what is lost. Keeps every log as it is (a link or a copy) in
/// `damaged-logs/<epoch>`, declares the store older than what clients have seen (losses.h), and
/// writes the damaged logs anew with all their records that can be read, so that RocksDB replays
/// them as if nothing had been between. Of the part that was not durable, only what lies before the
/// first damage is kept, as ever. Killed half-way, it can be done again. Answers the marks now in
/// force. Errors: io.
Result<WalMarks> accept_loss(const std::string& folder, const WalVerdict& verdict);

}  // namespace posthorn::engine::rocks
