#include <rocksdb/db.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "engine/conformance_fixture.h"
#include "engine/rocksdb/rocksdb_engine.h"

/// A damaged block of a table file affects the data in it, and nothing else.
namespace posthorn::engine {
namespace {

using namespace conformance;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// The table files of a family. No engine may have the folder open.
std::vector<std::string> table_files(const std::string& folder, const std::string& family) {
  std::vector<std::string> names;
  rocksdb::DBOptions options;
  EXPECT_TRUE(rocksdb::DB::ListColumnFamilies(options, folder, &names).ok());
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  for (const std::string& name : names) families.emplace_back(name, rocksdb::ColumnFamilyOptions());
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  EXPECT_TRUE(rocksdb::DB::OpenForReadOnly(options, folder, families, &handles, &db).ok());
  std::vector<rocksdb::LiveFileMetaData> files;
  db->GetLiveFilesMetaData(&files);
  std::vector<std::string> found;
  for (const rocksdb::LiveFileMetaData& file : files)
    if (file.column_family_name == family) found.push_back(folder + file.name);
  for (auto* handle : handles) EXPECT_TRUE(db->DestroyColumnFamilyHandle(handle).ok());
  delete db;
  return found;
}

/// Damages the file's first block, which holds data.
void damage(const std::string& file) {
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  ASSERT_TRUE(stream) << file;
  for (const int at : {20, 21, 22}) {
    stream.seekg(at);
    const int octet = stream.get();
    stream.seekp(at);
    stream.put(static_cast<char>(octet ^ 0x5a));
  }
}

class Damage : public testing::Test {
 protected:
  std::unique_ptr<Engine> open() {
    auto opened =
        open_rocksdb({.path = path_, .cache_bytes = 4 << 20, .write_buffer_bytes = 2 << 20});
    EXPECT_TRUE(opened) << opened.error().cause;
    return opened ? std::move(*opened) : nullptr;
  }
  const TempFolder folder_;
  const std::string path_ = folder_.path() + "/data";
};

std::string text(std::uint8_t letter) { return std::string(100, static_cast<char>(letter)); }

/// Adds a file at level 0 that overlaps the others.
void add_file(Engine& engine, std::uint8_t letter) {
  for (const std::uint8_t n : {1, 200}) {
    const auto p = partition(n);
    ASSERT_TRUE(commit(
        engine, change(p, async::wait(engine.version(p))->revision, {put("key", text(letter))})));
  }
}

TEST_F(Damage, ABlockThatCompactionMeetsDoesNotDisturbAnybody) {
  add_file(*open(), 'a');
  const auto first = table_files(path_, "rows");
  ASSERT_EQ(first.size(), 1U);
  ASSERT_NO_FATAL_FAILURE(damage(first.front()));
  const auto engine = open();
  ASSERT_TRUE(engine);
  // Partition 100 has no rows yet, so it is in no damaged block. Writes enough for several files
  // and thus a compaction, then continues for the time in which RocksDB would retry a few times.
  int failed = 0;
  std::uint64_t tail = 0;
  const auto write = [&](std::size_t octets) {
    const auto outcome =
        commit(*engine, change(partition(100), tail, {put("key", std::string(octets, 'x'))}));
    if (outcome) tail = outcome->revision;
    if (!outcome || !async::wait(engine->version(partition(100)))) ++failed;
  };
  testing::internal::CaptureStderr();
  for (int i = 0; i < 200; ++i) write(60'000);
  for (const auto until = steady_clock::now() + milliseconds(3500); steady_clock::now() < until;)
    write(100);
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_EQ(failed, 0) << log;
  EXPECT_NE(log.find("cannot be compacted"), std::string::npos) << "no compaction met the block";
  // Reading the block's data returns an error, and nothing else.
  EXPECT_EQ(said(async::wait(engine->version(partition(1)))), "<corrupt>");
}

TEST_F(Damage, ACompactionThatFailsIsLoggedOnceAndPutOff) {
  add_file(*open(), 'a');
  const auto first = table_files(path_, "rows");
  ASSERT_EQ(first.size(), 1U);
  ASSERT_NO_FATAL_FAILURE(damage(first.front()));
  // Only the first and last keys of the first file, so that writing them reads nothing of it.
  const auto add_around = [&](Engine& engine, std::uint8_t letter) {
    for (const std::uint8_t n : {0, 100, 255}) {
      const auto p = partition(n);
      const auto tail = async::wait(engine.version(p));
      ASSERT_TRUE(tail) << tail.error().cause;
      ASSERT_TRUE(commit(engine, change(p, tail->revision, {put("key", text(letter))})));
    }
  };
  for (std::uint8_t file = 0; file < 4; ++file) {
    const auto engine = open();
    add_around(*engine, static_cast<std::uint8_t>('b' + file));
  }
  testing::internal::CaptureStderr();
  const auto engine = open();  // It finds more than enough files for a compaction.
  int failed = 0;
  const auto until = steady_clock::now() + milliseconds(4500);
  std::uint64_t tail = async::wait(engine->version(partition(100)))->revision;
  while (steady_clock::now() < until) {
    const auto outcome = commit(*engine, change(partition(100), tail, {put("key", "again")}));
    if (outcome) tail = outcome->revision;
    failed += outcome && async::wait(engine->version(partition(100))) ? 0 : 1;
    std::this_thread::sleep_for(milliseconds(1));
  }
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_EQ(failed, 0) << log;
  const std::string name = std::filesystem::path(first.front()).filename();
  std::size_t told = 0;
  for (std::size_t at = log.find("cannot be compacted"); at != std::string::npos;
       at = log.find("cannot be compacted", at + 1))
    ++told;
  EXPECT_EQ(told, 1U) << log;
  EXPECT_NE(log.find(name), std::string::npos) << log;
  EXPECT_EQ(log.find("opened again"), std::string::npos) << log;
}

TEST_F(Damage, ABlockOfHoldersDoesNotRefuseNewMail) {
  const auto p = partition(1);
  const auto q = partition(2);
  std::uint64_t old_version = 0;
  {
    const auto engine = open();
    for (std::uint8_t n = 10; n < 250; n += 10)
      ASSERT_EQ(said(engine->hold(hold_of(piece(n), "bytes", 5), p)), "ok");
    ASSERT_TRUE(commit(*engine, change(p, 0, {})));
    old_version = (*engine->inspect(piece(20)))->version;
  }
  const auto files = table_files(path_, "holders");
  ASSERT_EQ(files.size(), 1U);
  ASSERT_NO_FATAL_FAILURE(damage(files.front()));
  const auto engine = open();
  ASSERT_TRUE(engine);
  // Existing and new pieces, written ahead and in a commit, with and without bytes.
  EXPECT_EQ(said(engine->hold(hold_of(piece(20), "bytes", 7), q)), "ok");
  EXPECT_EQ(said(engine->hold(hold_of(piece(25), "new", 7), q)), "ok");
  Commit held = change(q, 0, {put("a", "b")});
  held.carry.holds = {hold_of(piece(20), "", 8), hold_of(piece(25), "", 8),
                      hold_of(piece(30), "bytes", 8), hold_of(piece(40), "", 8)};
  EXPECT_EQ(said(commit(*engine, std::move(held))), "1");
  for (const std::uint8_t n : {20, 30, 40})
    EXPECT_EQ(said(async::wait(engine->read_piece(piece(n)))), "bytes");
  EXPECT_EQ(said(async::wait(engine->read_piece(piece(25)))), "new");

  // Partition 1 still holds piece 20, but the record of that cannot be read. The piece must stay,
  // whatever version the sweeper remembers.
  EXPECT_FALSE(engine->inspect(piece(20)));
  EXPECT_EQ(said(engine->unhold(piece(20), q, 100)), "ok");
  for (std::uint64_t version = old_version; version < old_version + 200; ++version) {
    const auto erased = engine->erase(piece(20), version);
    EXPECT_FALSE(erased && *erased);
  }
  EXPECT_EQ(said(async::wait(engine->read_piece(piece(20)))), "bytes");
  // A hold without bytes of an absent piece is refused as usual.
  Commit lacking = change(q, 1, {});
  lacking.carry.holds = {hold_of(piece(26), "", 8)};
  EXPECT_EQ(said(commit(*engine, std::move(lacking))), "<not_found>");
}

}  // namespace
}  // namespace posthorn::engine
