#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

/// RocksDB's files as found in a folder.
namespace posthorn::engine::rocks {

/// The files of a store that are in a folder.
struct StoreFiles {
  bool current = false;                  ///< CURRENT, which names the active MANIFEST.
  std::vector<std::uint64_t> manifests;  ///< Their numbers, ascending.
  std::size_t tables = 0;
  std::size_t blobs = 0;
  std::size_t logs = 0;
  bool options = false;  ///< OPTIONS-*, written when a store has been opened for the first time.

  /// Returns true if a store may be created here: the folder contains nothing but files that
  /// RocksDB does not know, and the remains of a creation that was interrupted before CURRENT was
  /// written.
  [[nodiscard]] bool none() const;
  /// Returns true if there is any file that may contain mail.
  [[nodiscard]] bool has_data() const { return tables + blobs + logs > 0; }
  /// For people: "3 tables, 1 blob file, 2 logs".
  [[nodiscard]] std::string describe() const;
};

/// A folder that does not exist counts as empty. Errors: io.
Result<StoreFiles> list_store_files(const std::string& path);

/// The numbers of the tables in a folder, ascending. Errors: io.
Result<std::vector<std::uint64_t>> list_tables(const std::string& path);
std::string table_name(std::uint64_t number);

std::string manifest_name(std::uint64_t number);
/// The number in a MANIFEST's name.
std::optional<std::uint64_t> manifest_number(std::string_view name);

}  // namespace posthorn::engine::rocks
