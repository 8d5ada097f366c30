#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

/// The format of RocksDB's write-ahead log. It is read here because RocksDB stops at the first
/// unreadable record and does not report what follows. A log consists of blocks of 32 KB. A record
/// is divided into fragments, each within one block: checksum u32, length u16, kind u8
/// (little-endian), then the bytes. A record is one write batch: first sequence number u64, count
/// u32, entries.
namespace posthorn::engine::rocks {

/// The octets from `begin` up to, but not including, `end`.
struct OctetRange {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  friend bool operator==(const OctetRange&, const OctetRange&) = default;
};

/// The durable length of a log at the time a record was written.
struct SyncedMark {
  std::uint64_t log = 0;     ///< The number in the file's name.
  std::uint64_t octets = 0;  ///< Counted from the start of the file.
  friend bool operator==(const SyncedMark&, const SyncedMark&) = default;
};

/// The encoded mark, to be the first entry of a write batch. RocksDB keeps such entries only in the
/// log ("log data"). Because only the first entry counts, nothing that a user puts into the batch
/// can imitate it.
std::string format_claim(const SyncedMark& mark);
/// Requires: a batch that begins with a claim.
std::string without_claim(std::string_view batch);

struct WalRecord {
  OctetRange place;
  std::string_view batch;  ///< Valid only during the call that passes it.
  std::uint64_t sequence = 0;
  std::uint32_t count = 0;
  std::optional<SyncedMark> claim;  ///< The first entry, if it is a claim.
};

struct WalScan {
  std::uint64_t size = 0;           ///< Of the file, in octets.
  std::vector<OctetRange> damaged;  ///< Ascending, adjacent ranges merged. Includes a torn end.
};

/// Takes the place and the octets of one record, which are valid during the call. Returns whether
/// the record is one; if not, it counts as damage.
using RecordVisitor = std::function<bool(OctetRange place, std::string_view octets)>;

/// As scan_wal(), for records of any content: MANIFEST files have the format of logs too.
Result<WalScan> scan_records(const std::string& path, const RecordVisitor& visit);

/// Calls `visit` for every readable record, in order, including those behind damage. After a
/// damaged fragment, reading continues at the next fragment if that is intact, else at the next
/// block. Octets that the disk cannot read count as damage. Holds one record in memory.
/// Errors: io (the file cannot be opened).
Result<WalScan> scan_wal(const std::string& path,
                         const std::function<void(const WalRecord&)>& visit);

/// Writes a log of complete records.
class WalWriter {
 public:
  /// Replaces an existing file. Errors: io.
  static Result<WalWriter> create(const std::string& path);
  WalWriter(WalWriter&& other) noexcept;
  WalWriter& operator=(WalWriter&&) = delete;
  ~WalWriter();

  Status add(std::string_view batch);
  /// Writes buffered data and makes the file durable.
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
