#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/rocksdb/wal/wal_file.h"

namespace posthorn::engine::rocks {

/// The durable length of each write-ahead log. A start must find all of it.
struct WalMarks {
  /// The number of the MANIFEST that CURRENT names, and the one it is about to name (or the same).
  /// If CURRENT names neither, a program that keeps no marks has opened the database, and these
  /// marks are void.
  std::uint64_t manifest = 0;
  std::uint64_t next_manifest = 0;
  /// Ascending. If there are more than kMaxLogs, the newest are kept.
  std::vector<SyncedMark> logs;

  static constexpr std::size_t kMaxLogs = 48;
  /// Returns 0 for a log without a mark.
  [[nodiscard]] std::uint64_t of(std::uint64_t log) const;
  void set(const SyncedMark& mark);
  void erase(std::uint64_t log);
};

/// The file `SYNCED` beside the store's files. It has two slots that are written in turn, so that
/// one stays intact whatever a crash does to the other.
///
/// A mark is written after the sync it reports, so it never claims more than what is durable. The
/// file itself is synced only where an older mark would be wrong. After a power loss it may
/// therefore be up to half a minute old, which makes the check at start less strict, never too
/// strict.
/// Thread: one at a time, except for sync().
class WalMarkFile {
 public:
  explicit WalMarkFile(const std::string& folder);
  ~WalMarkFile();
  WalMarkFile(const WalMarkFile&) = delete;
  WalMarkFile& operator=(const WalMarkFile&) = delete;

  /// Returns nullopt if there is no file, or no intact slot in it.
  std::optional<WalMarks> read();
  /// Creates the file if it is absent. Does not wait for the disk. Errors: io.
  Status write(const WalMarks& marks);
  /// Writes both slots. After a following sync(), no older marks can reappear. Errors: io.
  Status write_both(const WalMarks& marks);
  /// Makes the last write durable. Requires: something was written.
  /// Thread: any.
  /// Errors: io.
  Status sync() const;

 private:
  Status open_for_writing();
  Status put_slot(const WalMarks& marks);

  const std::string folder_;
  int fd_ = -1;
  std::uint64_t generation_ = 0;
};

/// The number in `CURRENT`; nullopt if there is none or its content is not valid.
std::optional<std::uint64_t> current_manifest(const std::string& folder);
/// The number in the content of CURRENT, "MANIFEST-000012\n"; nullopt for anything else.
std::optional<std::uint64_t> manifest_named_by(std::string_view current);

}  // namespace posthorn::engine::rocks
