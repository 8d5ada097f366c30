#include "engine/rocksdb/disk/verify_files.h"

#include <rocksdb/env.h>
#include <rocksdb/metadata.h>

#include <map>
#include <string>

#include "engine/rocksdb/status.h"

namespace posthorn::engine::rocks {
namespace {

/// Maps paths to lengths.
using Lengths = std::map<std::string, std::uint64_t>;

std::string path_of(const std::string& folder, std::string_view name) {
  return folder + (name.starts_with('/') ? "" : "/") + std::string(name);
}

Lengths live_files(Database& database) {
  Lengths lengths;
  for (::rocksdb::ColumnFamilyHandle* family : {database.meta(), database.rows(), database.pages(),
                                                database.pieces(), database.holders()}) {
    ::rocksdb::ColumnFamilyMetaData metadata;
    database.db().GetColumnFamilyMetaData(family, &metadata);
    for (const ::rocksdb::LevelMetaData& level : metadata.levels)
      for (const ::rocksdb::SstFileMetaData& table : level.files)
        lengths.emplace(path_of(table.db_path, table.name), table.size);
    for (const ::rocksdb::BlobMetaData& blob : metadata.blob_files)
      lengths.emplace(path_of(blob.blob_file_path, blob.blob_file_name), blob.blob_file_size);
  }
  return lengths;
}

}  // namespace

Result<std::vector<FileDamage>> verify_files(Database& database) {
  std::vector<FileDamage> found;
  ::rocksdb::Env& env = *database.db().GetEnv();
  for (const auto& [path, expected] : live_files(database)) {
    std::uint64_t length = 0;
    const ::rocksdb::Status got = env.GetFileSize(path, &length);
    if (got.ok() && length == expected) continue;
    if (!got.ok() && !env.FileExists(path).IsNotFound()) return fail(got);
    found.push_back(
        {path, got.ok() ? fmt::format("it has {} octets and should have {}", length, expected)
                        : fmt::format("it is missing; it had {} octets", expected)});
  }
  if (found.empty()) return found;
  const Lengths still = live_files(database);
  std::erase_if(found, [&](const FileDamage& damage) { return !still.contains(damage.file); });
  return found;
}

}  // namespace posthorn::engine::rocks
