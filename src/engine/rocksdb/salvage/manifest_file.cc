#include "engine/rocksdb/salvage/manifest_file.h"

#include "base/bytes.h"
#include "engine/rocksdb/disk/store_files.h"
#include "engine/rocksdb/wal/wal_file.h"

namespace posthorn::engine::rocks {
namespace {

/// The tags of the fields in a record, as far as RocksDB 7.8 writes them.
enum Tag : std::uint32_t {
  kComparator = 1,
  kLogNumber = 2,
  kNextFile = 3,
  kLastSequence = 4,
  kCompactCursor = 5,
  kDeletedTable = 6,
  kPreviousLog = 9,
  kOldestLog = 10,
  kNewTable = 103,
  kFamily = 200,
  kFamilyAdded = 201,
  kFamilyDropped = 202,
  kGreatestFamily = 203,
  kInGroup = 300,
  kBlobAdded = 400,
  kBlobGarbage = 401,
  /// A tag with this bit is followed by a length, and may be skipped.
  kSkippable = 1U << 13U,
};
/// The end of the optional fields of a table and of a blob file.
constexpr std::uint64_t kEndOfTable = 1;
constexpr std::uint64_t kEndOfBlob = 0;

void skip_fields(ByteReader& r, std::uint64_t end) {
  while (r.ok() && r.varint() != end) (void)r.bytes();
}

class Record {
 public:
  Record(std::string_view octets, ManifestFacts& facts) : r_(octets), facts_(facts) {}

  bool take() {
    while (r_.ok() && !r_.at_end())
      if (!take_field(r_.varint())) return false;
    // A table that moves to another level is deleted and added.
    for (const std::uint64_t table : deleted_) {
      if (added_.contains(table)) continue;
      facts_.tables.erase(table);
      facts_.unused.insert(table);
    }
    return r_.ok();
  }

 private:
  bool take_field(std::uint64_t tag) {
    switch (tag) {
      case kComparator: (void)r_.bytes(); return true;
      case kFamilyAdded: facts_.families[family_] = r_.bytes(); return true;
      case kFamily: family_ = static_cast<std::uint32_t>(r_.varint()); return true;
      case kFamilyDropped: return true;
      case kLogNumber:
      case kNextFile:
      case kLastSequence:
      case kPreviousLog:
      case kOldestLog:
      case kGreatestFamily:
      case kInGroup: (void)r_.varint(); return true;
      case kCompactCursor:
        (void)r_.varint();
        (void)r_.bytes();
        return true;
      case kDeletedTable:
        (void)r_.varint();  // Its level.
        deleted_.insert(r_.varint());
        return true;
      case kNewTable: take_table(); return true;
      case kBlobAdded: skip_blob(); return true;
      case kBlobGarbage:
        for (int i = 0; i < 3; ++i) (void)r_.varint();  // Its number, values and octets.
        skip_fields(r_, kEndOfBlob);
        return true;
      default:
        if ((tag & kSkippable) == 0) return false;
        (void)r_.bytes();
        return true;
    }
  }

  void take_table() {
    (void)r_.varint();  // Its level.
    const std::uint64_t number = r_.varint();
    (void)r_.varint();  // Its size.
    (void)r_.bytes();   // Its first key,
    (void)r_.bytes();   // and its last.
    (void)r_.varint();  // The lowest sequence number,
    (void)r_.varint();  // and the highest.
    skip_fields(r_, kEndOfTable);
    if (!r_.ok()) return;
    added_.insert(number);
    facts_.tables[number] = family_;
    facts_.unused.erase(number);
  }

  /// Which blob files are in use, the tables say themselves.
  void skip_blob() {
    for (int i = 0; i < 3; ++i) (void)r_.varint();  // Its number, its values and their octets.
    (void)r_.bytes();                               // How its checksum is made,
    (void)r_.bytes();                               // and the checksum.
    skip_fields(r_, kEndOfBlob);
  }

  ByteReader r_;
  ManifestFacts& facts_;
  std::uint32_t family_ = 0;
  std::set<std::uint64_t> deleted_;
  std::set<std::uint64_t> added_;
};

}  // namespace

bool take_manifest_record(std::string_view record, ManifestFacts& facts) {
  return Record(record, facts).take();
}

Result<ManifestFacts> read_manifests(const std::string& folder) {
  const auto files = list_store_files(folder);
  if (!files) return std::unexpected(files.error());
  ManifestFacts facts;
  facts.damaged = files->manifests.empty();
  for (const std::uint64_t number : files->manifests) {
    // A newer MANIFEST begins with the whole set.
    facts.tables.clear();
    const auto scan = scan_records(
        folder + "/" + manifest_name(number),
        [&](OctetRange, std::string_view record) { return take_manifest_record(record, facts); });
    if (!scan) return std::unexpected(scan.error());
    facts.damaged = !scan->damaged.empty() || scan->size == 0;
  }
  return facts;
}

}  // namespace posthorn::engine::rocks
