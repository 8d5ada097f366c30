#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

/// The format of RocksDB's write-ahead log, read here because RocksDB stops at the first record
/// that it cannot read and does not say what comes after it. A log is a row of blocks of 32 KB; a
/// record is cut into fragments, each within one block: checksum u32, length u16, kind u8 (little-
/// endian), then the bytes. A record is one write batch: first sequence number u64, count u32,
/// entries.
namespace posthorn::engine::rocks {

/// Octets from `begin` up to, not including, `end`.
struct OctetRange {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  friend bool operator==(const OctetRange&, const OctetRange&) = default;
};

/// Which octets of which log were durable when a record was written.
struct SyncedMark {
  std::uint64_t log = 0;     ///< The number in the file's name.
  std::uint64_t octets = 0;  ///< From its start.
  friend bool operator==(const SyncedMark&, const SyncedMark&) = default;
};

/// As the first entry of a write batch, which RocksDB keeps in the log alone ("log data"). As the
/// first it cannot be imitated by what somebody else put into the batch.
std::string format_claim(const SyncedMark& mark);
/// Requires: a batch that begins with a claim.
std::string without_claim(std::string_view batch);

struct WalRecord {
  OctetRange place;
  std::string_view batch;  ///< Valid during the call that hands it out.
  std::uint64_t sequence = 0;
  std::uint32_t count = 0;
  std::optional<SyncedMark> claim;  ///< What its first entry says, if it is a claim.
};

struct WalScan {
  std::uint64_t size = 0;           ///< Of the file.
  std::vector<OctetRange> damaged;  ///< Ascending, merged where they touch. What is torn too.
};

/// Calls `visit` for every record that can be read, in order, also behind damage: after a damaged
/// fragment reading goes on at the next one if that is whole, else at the next block. Octets that
/// the disk refuses count as damage. Memory: one record. Errors: io (the file cannot be opened).
Result<WalScan> scan_wal(const std::string& path,
                         const std::function<void(const WalRecord&)>& visit);

/// Writes a log of whole records.
class WalWriter {
 public:
  /// Replaces what is there. Errors: io.
  static Result<WalWriter> create(const std::string& path);
  WalWriter(WalWriter&& other) noexcept;
  WalWriter& operator=(WalWriter&&) = delete;
  ~WalWriter();

  Status add(std::string_view batch);
  /// Writes what is left and makes it durable.
  Status finish();

 private:
  WalWriter(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  void add_fragment(std::string_view bytes, std::uint8_t kind);
  Status write_out();

  int fd_;
  std::string path_;
  std::string buffer_;
  std::uint64_t written_ = 0;
};

}  // namespace posthorn::engine::rocks
