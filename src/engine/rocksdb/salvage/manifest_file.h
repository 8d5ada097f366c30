#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

/// What MANIFEST files say about the other files. They are read here because RocksDB reads nothing
/// of a MANIFEST that is damaged. A MANIFEST is a log (wal_file.h) of changes to the set of files;
/// its first record has the whole set.
namespace posthorn::engine::rocks {

struct ManifestFacts {
  std::map<std::uint32_t, std::string> families;
  /// In use after the last record, with the family of each.
  std::map<std::uint64_t, std::uint32_t> tables;
  /// Tables that a record says are no longer in use, and that no later record adds. RocksDB had not
  /// deleted them yet. Their entries would bring back what was removed since.
  std::set<std::uint64_t> unused;
  bool damaged = false;  ///< There is no MANIFEST, or not all of it can be read.
};

/// Reads every MANIFEST in the folder, also behind damage. Errors: io.
Result<ManifestFacts> read_manifests(const std::string& folder);

/// Takes in one record. Returns whether it could be read to its end; what comes before the octets
/// that could not is taken in.
bool take_manifest_record(std::string_view record, ManifestFacts& facts);

}  // namespace posthorn::engine::rocks
