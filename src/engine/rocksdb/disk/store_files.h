#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

/// The names of RocksDB's files, as a folder shows them.
namespace posthorn::engine::rocks {

/// What of a store lies in a folder.
struct StoreFiles {
  bool current = false;                  ///< CURRENT, which names the MANIFEST in force.
  std::vector<std::uint64_t> manifests;  ///< Their numbers, ascending.
  std::size_t tables = 0;
  std::size_t blobs = 0;
  std::size_t logs = 0;
  bool options = false;  ///< OPTIONS-*, written once a store was opened for the first time.

  /// Whether a store may be made here: there is nothing but what the making of one leaves that was
  /// broken off before CURRENT was written, and what RocksDB does not know.
  [[nodiscard]] bool none() const;
  /// Whether there is anything that mail lies in.
  [[nodiscard]] bool has_data() const { return tables + blobs + logs > 0; }
  /// For people: "3 tables, 1 blob file, 2 logs".
  [[nodiscard]] std::string describe() const;
};

/// A folder that does not exist has none of them. Errors: io.
Result<StoreFiles> list_store_files(const std::string& path);

std::string manifest_name(std::uint64_t number);
/// The number in a MANIFEST's name.
std::optional<std::uint64_t> manifest_number(std::string_view name);

}  // namespace posthorn::engine::rocks
