#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/rocksdb/salvage/manifest_file.h"
#include "engine/rocksdb/salvage/salvage.h"
#include "engine/rocksdb/salvage/table_file.h"

namespace posthorn::engine::rocks {

/// The column families, in the order in which a store creates them (tuning.h).
enum class Family : std::uint8_t { meta, rows, pages, pieces, holders };
inline constexpr std::size_t kFamilies = 5;

/// For people: "rows".
std::string_view name_of(Family family);

/// Every partition.
Salvaged::Range all_partitions();

/// The tables in a folder, by family.
class TableSet {
 public:
  /// Looks into every table. Notes in `out` those that are missing, or of which it cannot be known
  /// what they have. Errors: io, not_supported (a family that this version does not know).
  Status find(const std::string& folder, const ManifestFacts& facts, Salvaged& out);
  /// Opens the tables of a family.
  Result<std::vector<std::unique_ptr<TableFile>>> open(const std::string& folder, Family family,
                                                       Salvaged& out) const;
  /// The number that logs have instead of the name.
  [[nodiscard]] std::uint32_t id_of(Family family) const {
    return ids_[static_cast<std::size_t>(family)];
  }

 private:
  Status add(const std::string& folder, std::uint64_t number, Salvaged& out);
  [[nodiscard]] Result<std::unique_ptr<TableFile>> open_one(const std::string& folder,
                                                            std::uint64_t number) const;
  Status learn(std::uint32_t id, std::string_view name);

  std::array<std::vector<std::uint64_t>, kFamilies> tables_;  ///< Ascending.
  std::map<std::uint64_t, TableFamily> named_;                ///< By the MANIFEST.
  std::array<std::uint32_t, kFamilies> ids_{0, 1, 2, 3, 4};
};

}  // namespace posthorn::engine::rocks
