#include <filesystem>

#include "engine/conformance_fixture.h"
#include "engine/rocksdb/rocksdb_engine.h"

namespace posthorn::engine {
namespace {

using namespace conformance;
namespace fs = std::filesystem;

/// Returns the first file in the folder with this ending.
fs::path file_with(const std::string& folder, std::string_view ending) {
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.path().extension() == ending) return entry.path();
  return {};
}

/// Makes an engine with a table file and a blob file on the disk.
std::unique_ptr<Engine> filled(const RocksDbOptions& options) {
  {
    auto opened = open_rocksdb(options);
    EXPECT_TRUE(opened);
    PartitionId partition;
    partition.bytes.fill(9);
    EXPECT_TRUE((*opened)->put_page(partition, PageNumber(1), std::string(100'000, 'x')));
    (*opened)->close();
  }
  auto again = open_rocksdb(options);
  EXPECT_TRUE(again);
  return std::move(*again);
}

TEST(VerifyFiles, SaysNothingOfAGoodStore) {
  const TempFolder folder;
  const auto engine = filled({.path = folder.path() + "/data"});
  const auto damage = engine->verify_files();
  ASSERT_TRUE(damage);
  for (const FileDamage& one : *damage) ADD_FAILURE() << one.file << ": " << one.what;
}

TEST(VerifyFiles, FindsAMissingAndAShortenedBlobFile) {
  const TempFolder folder;
  const RocksDbOptions options{.path = folder.path() + "/data"};
  const auto engine = filled(options);
  const fs::path blob = file_with(options.path, ".blob");
  ASSERT_FALSE(blob.empty());
  const auto size = fs::file_size(blob);
  fs::resize_file(blob, size - 10);
  auto damage = engine->verify_files();
  ASSERT_TRUE(damage);
  ASSERT_EQ(damage->size(), 1U);
  EXPECT_EQ(fs::path((*damage)[0].file).filename(), blob.filename());
  EXPECT_NE((*damage)[0].what.find(std::to_string(size - 10) + " octets"), std::string::npos);
  fs::remove(blob);
  damage = engine->verify_files();
  ASSERT_TRUE(damage);
  ASSERT_EQ(damage->size(), 1U);
  EXPECT_NE((*damage)[0].what.find("missing"), std::string::npos);
}

TEST(VerifyFiles, FindsAMissingTable) {
  const TempFolder folder;
  const RocksDbOptions options{.path = folder.path() + "/data"};
  const auto engine = filled(options);
  const fs::path table = file_with(options.path, ".sst");
  ASSERT_FALSE(table.empty());
  fs::remove(table);
  const auto damage = engine->verify_files();
  ASSERT_TRUE(damage);
  EXPECT_FALSE(damage->empty());
}

}  // namespace
}  // namespace posthorn::engine
