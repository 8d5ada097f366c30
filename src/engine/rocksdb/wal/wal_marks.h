#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/rocksdb/wal/wal_file.h"

namespace posthorn::engine::rocks {

/// How much of each write-ahead log is known to be durable: what a start must find again.
struct WalMarks {
  /// The number of the MANIFEST that CURRENT names, and of the one it is about to name (or the
  /// same). If it names neither, the database was opened by a program that keeps no marks, and
  /// these are void.
  std::uint64_t manifest = 0;
  std::uint64_t next_manifest = 0;
  std::vector<SyncedMark> logs;  ///< Ascending. Of more than kMaxLogs the newest are kept.

  static constexpr std::size_t kMaxLogs = 48;
  /// 0 for a log without one.
  [[nodiscard]] std::uint64_t of(std::uint64_t log) const;
  void set(const SyncedMark& mark);
  void erase(std::uint64_t log);
};

/// The file `SYNCED` beside the store's files. It has two slots, written in turn, so that one is
/// whole whatever a crash does to the other. It never says more than what is durable: it is
/// written after the sync it tells of. It is itself synced only where an older mark would be wrong;
/// a power loss may therefore leave it up to half a minute old, which makes a start less strict and
/// never too strict. One thread at a time, but for sync().
class WalMarkFile {
 public:
  explicit WalMarkFile(const std::string& folder);
  ~WalMarkFile();
  WalMarkFile(const WalMarkFile&) = delete;
  WalMarkFile& operator=(const WalMarkFile&) = delete;

  /// nullopt when there is no file or no whole slot in it.
  std::optional<WalMarks> read();
  /// Makes the file if it is absent. Does not wait for the disk. Errors: io.
  Status write(const WalMarks& marks);
  /// Into both slots; after sync() no older marks can come back. Errors: io.
  Status write_both(const WalMarks& marks);
  /// Makes what was written durable. Requires: something was. Thread: any. Errors: io.
  Status sync() const;

 private:
  Status open_for_writing();
  Status put_slot(const WalMarks& marks);

  const std::string folder_;
  int fd_ = -1;
  std::uint64_t generation_ = 0;
};

/// The number in `CURRENT`; nullopt when there is none, or it says something else.
std::optional<std::uint64_t> current_manifest(const std::string& folder);
/// The number in the content of CURRENT, "MANIFEST-000012\n"; nullopt for anything else.
std::optional<std::uint64_t> manifest_named_by(std::string_view current);

}  // namespace posthorn::engine::rocks
