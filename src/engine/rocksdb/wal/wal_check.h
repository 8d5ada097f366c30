#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/rocksdb/wal/wal_marks.h"

/// Distinguishes a torn end of the write-ahead log from the loss of durable records. A torn end is
/// what a crash leaves of writes that were never acknowledged. RocksDB cannot tell the two apart:
/// it stops at the first record it cannot read.
namespace posthorn::engine::rocks {

/// The loss of durable data in one log.
struct WalLoss {
  std::uint64_t log = 0;
  bool missing = false;             ///< The whole file is missing.
  std::uint64_t synced = 0;         ///< Length of the durable part, in octets from the start.
  std::uint64_t size = 0;           ///< Present size of the file.
  std::uint64_t at = 0;             ///< Offset of the first unreadable octet in the durable part.
  std::uint64_t unreadable = 0;     ///< Number of octets of the durable part that are lost.
  std::uint64_t before = 0;         ///< Last sequence number before `at`; 0: none.
  std::uint64_t after = 0;          ///< First sequence number of a record behind `at`; 0: none.
  std::uint64_t last = 0;           ///< Last sequence number of this log that can be read; 0: none.
  std::uint64_t records_after = 0;  ///< Number of readable records behind `at`.
};

struct WalVerdict {
  /// Ascending by log. Empty: nothing durable is lost, though an end may be torn.
  std::vector<WalLoss> losses;
  WalMarks marks;  ///< The marks in force, including the claims found in the logs.
};

/// Reads every log in the folder. `marks` is the content of SYNCED, if it was intact. Changes
/// nothing.
/// Requires: no process writes to the folder.
/// Errors: io.
Result<WalVerdict> judge_wal(const std::string& folder, const std::optional<WalMarks>& marks);

/// Returns one sentence for each log with a loss.
std::string describe(const WalVerdict& verdict);

/// Accepts the loss, so that the store can be opened:
/// - keeps every log unchanged (as a link or a copy) in `damaged-logs/<epoch>`;
/// - declares the store older than what clients have seen (losses.h);
/// - rewrites the damaged logs with all readable records, so that RocksDB replays them as if
///   nothing were missing in between. Of the part that was not durable, only what lies before the
///   first damage is kept, as after any crash.
///
/// Can be repeated if it was interrupted. Returns the marks now in force. Errors: io.
Result<WalMarks> accept_loss(const std::string& folder, const WalVerdict& verdict);

}  // namespace posthorn::engine::rocks
