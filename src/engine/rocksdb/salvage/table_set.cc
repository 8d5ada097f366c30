#include "engine/rocksdb/salvage/table_set.h"

#include <algorithm>
#include <filesystem>

#include "engine/rocksdb/disk/store_files.h"

namespace posthorn::engine::rocks {
namespace {

constexpr std::array<std::string_view, kFamilies> kStoredNames = {"default", "rows", "pages",
                                                                  "pieces", "holders"};

/// What a table had may have been about anybody.
void lose_table(Salvaged& out, const std::string& name, std::string_view why, bool rows,
                bool holders) {
  out.losses.push_back(fmt::format("{}: {}", name, why));
  if (rows) out.rows_lost.push_back(all_partitions());
  if (holders) out.holders_lost = true;
}

}  // namespace

std::string_view name_of(Family family) {
  switch (family) {
    case Family::meta: return "candidates";
    case Family::rows: return "rows";
    case Family::pages: return "pages";
    case Family::pieces: return "pieces";
    case Family::holders: return "holders of pieces";
  }
  return "";
}

Salvaged::Range all_partitions() {
  Salvaged::Range range;
  range.last.bytes.fill(0xff);
  return range;
}

Status TableSet::learn(std::uint32_t id, std::string_view name) {
  const auto* const found = std::ranges::find(kStoredNames, name);
  if (found == kStoredNames.end())
    return posthorn::fail(ErrorKind::not_supported,
                          fmt::format("the store was written by a newer version of Posthorn, or "
                                      "is not its: it has a family \"{}\"",
                                      name));
  ids_[static_cast<std::size_t>(found - kStoredNames.begin())] = id;
  return {};
}

Result<std::unique_ptr<TableFile>> TableSet::open_one(const std::string& folder,
                                                      std::uint64_t number) const {
  const auto named = named_.find(number);
  return TableFile::open(folder + "/" + table_name(number),
                         named == named_.end() ? std::nullopt : std::optional(named->second));
}

Status TableSet::add(const std::string& folder, std::uint64_t number, Salvaged& out) {
  auto table = open_one(folder, number);
  if (!table && table.error().kind != ErrorKind::corrupt) return pass(table);
  if (!table) {
    lose_table(out, table_name(number), "it cannot be read at all: " + table.error().text, true,
               true);
    return {};
  }
  const TableFamily& family = (*table)->family();
  if (Status known = learn(family.id, family.name); !known) return known;
  const auto* const found = std::ranges::find(kStoredNames, family.name);
  tables_[static_cast<std::size_t>(found - kStoredNames.begin())].push_back(number);
  return {};
}

Status TableSet::find(const std::string& folder, const ManifestFacts& facts, Salvaged& out) {
  for (const auto& [id, name] : facts.families)
    if (Status known = learn(id, name); !known) return known;
  for (const auto& [number, id] : facts.tables)
    for (std::size_t i = 0; i < kFamilies; ++i)
      if (ids_[i] == id) named_[number] = {id, std::string(kStoredNames[i])};
  auto missing = named_;
  auto tables = list_tables(folder);
  if (!tables) return pass(tables);
  for (const std::uint64_t number : *tables) {
    missing.erase(number);
    if (facts.unused.contains(number)) continue;
    if (Status ok = add(folder, number, out); !ok) return ok;
  }
  for (const auto& [number, family] : missing)
    lose_table(out, table_name(number),
               fmt::format("it is missing, with {}",
                           family.name == "default" ? "candidates" : family.name),
               family.name == "rows", family.name == "holders");
  return {};
}

Result<std::vector<std::unique_ptr<TableFile>>> TableSet::open(const std::string& folder,
                                                               Family family, Salvaged& out) const {
  std::vector<std::unique_ptr<TableFile>> tables;
  for (const std::uint64_t number : tables_[static_cast<std::size_t>(family)]) {
    auto table = open_one(folder, number);
    if (!table && table.error().kind != ErrorKind::corrupt) return pass(table);
    if (table) {
      tables.push_back(std::move(*table));
    } else {
      lose_table(out, table_name(number), table.error().text, true, true);
    }
  }
  return tables;
}

}  // namespace posthorn::engine::rocks
