#include "engine/rocksdb/rocksdb_engine.h"

#include <rocksdb/db.h>
#include <sys/stat.h>

#include "engine/conformance_fixture.h"
#include "engine/snapshots.h"

namespace posthorn::engine {
namespace {

using namespace conformance;

TEST(RocksDbEngine, MakesAPrivateFolderWithItsParents) {
  const TempFolder folder;
  const std::string path = folder.path() + "/var/lib/mail";
  ASSERT_TRUE(open_rocksdb({.path = path}));
  struct stat info{};
  ASSERT_EQ(stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0700U);
}

TEST(RocksDbEngine, OneProcessAtATimeAndItSaysSo) {
  const TempFolder folder;
  const RocksDbOptions options{.path = folder.path() + "/data"};
  const auto first = open_rocksdb(options);
  ASSERT_TRUE(first);
  const auto second = open_rocksdb(options);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::unavailable);
  EXPECT_NE(second.error().text.find("another posthorn is using"), std::string::npos);
  (*first)->close();
  EXPECT_TRUE(open_rocksdb(options));
}

TEST(RocksDbEngine, ASnapshotIsAStoreOfThatMoment) {
  const TempFolder folder;
  const std::string path = folder.path() + "/data";
  const std::string copy = folder.path() + "/copy";
  {
    const auto opened = open_rocksdb({.path = path});
    ASSERT_TRUE(opened);
    Engine& engine = **opened;
    Commit first = change(partition(1), 0, {put("a", "1")});
    first.carry.holds.push_back(hold_of(piece(1), std::string(20'000, 'p'), 5));
    ASSERT_TRUE(commit(engine, std::move(first)));
    ASSERT_TRUE(snapshots_of(engine)->snapshot(copy));
    ASSERT_TRUE(commit(engine, change(partition(1), 1, {put("a", "2")})));
    EXPECT_FALSE(snapshots_of(engine)->snapshot(copy)) << "it was there already";
    ASSERT_TRUE(commit(engine, change(partition(1), 2, {put("a", "3")}))) << "writing goes on";
  }
  {
    const auto opened = open_rocksdb({.path = copy, .if_absent = IfAbsent::refuse});
    ASSERT_TRUE(opened) << opened.error().text;
    EXPECT_EQ(row(**opened, partition(1), "a"), "1");
    EXPECT_EQ(async::wait((*opened)->read_piece(piece(1)))->size(), 20'000U);
  }
  // What was acknowledged after the snapshot is still known to be durable.
  const auto opened = open_rocksdb({.path = path});
  ASSERT_TRUE(opened) << opened.error().text;
  EXPECT_EQ(row(**opened, partition(1), "a"), "3");
}

struct RawRecord {
  std::size_t family = 0;  ///< default, rows, pages, pieces, holders.
  std::string key;
  std::optional<std::string> value;
};

/// Reads a record through RocksDB or, if there is a value, writes it, as another version might.
std::string raw(const std::string& path, const RawRecord& record) {
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  for (const char* name : {"default", "rows", "pages", "pieces", "holders"})
    families.emplace_back(name, rocksdb::ColumnFamilyOptions());
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* opened = nullptr;
  EXPECT_TRUE(rocksdb::DB::Open(rocksdb::DBOptions(), path, families, &handles, &opened).ok());
  const std::unique_ptr<rocksdb::DB> db(opened);
  std::string value;
  if (record.value) {
    EXPECT_TRUE(db->Put({}, handles[record.family], record.key, *record.value).ok());
  } else {
    EXPECT_TRUE(db->Get({}, handles[record.family], record.key, &value).ok());
  }
  for (rocksdb::ColumnFamilyHandle* handle : handles)
    EXPECT_TRUE(db->DestroyColumnFamilyHandle(handle).ok());
  EXPECT_TRUE(db->Close().ok());
  return value;
}

void write_meta(const std::string& path, const std::string& value) {
  raw(path, {0, "format", value});
}

/// The version of a partition had 8 octets, the tail. Of such a store, nothing is rewritten before
/// it changes, and an older program refuses it from the first start on.
TEST(RocksDbEngine, OpensAStoreOfFormat1) {
  const TempFolder folder;
  const RocksDbOptions options{.path = folder.path() + "/data"};
  const std::string key = std::string(partition(1).view()) + '\0';
  {
    const auto opened = open_rocksdb(options);
    ASSERT_TRUE(opened);
    ASSERT_TRUE(commit(**opened, change(partition(1), 0, {put("a", "1")}, 259)));
  }
  EXPECT_EQ(raw(options.path, {1, key, {}}), std::string("\0\0\0\0\0\0\1\3"
                                                         "\0\0\0\0\0\0\0\1"
                                                         "\0\0\0\0\0\0\0\0",
                                                         24));
  raw(options.path, {1, key, std::string("\0\0\0\0\0\0\1\3", 8)});
  write_meta(options.path, std::string("\0\0\0\x01posthorn", 12));
  {
    const auto opened = open_rocksdb(options);
    ASSERT_TRUE(opened);
    Engine& engine = **opened;
    EXPECT_EQ(all_of(async::wait(engine.version(partition(1)))), "259 0 0");
    EXPECT_EQ(async::wait(engine.scan(partition(1), "", "", 9))->version.tail, Seq{259});
    EXPECT_EQ(engine.partitions(std::nullopt, 9)->size(), 1U);
    EXPECT_EQ(all_of(commit(engine, change(partition(1), 0, {put("b", "1")}, 0))), "259 1 1");
    EXPECT_EQ(said(commit(engine, change(partition(1), 0, {put("c", "1")}))), "<conflict 1>");
  }
  EXPECT_EQ(raw(options.path, {1, key, {}}).size(), 24U);
  EXPECT_EQ(raw(options.path, {0, "format", {}}), std::string("\0\0\0\x02posthorn", 12));
  raw(options.path, {1, key, std::string(17, '\0')});
  const auto opened = open_rocksdb(options);
  ASSERT_TRUE(opened);
  EXPECT_EQ(said(async::wait((*opened)->version(partition(1)))), "<corrupt>");
  EXPECT_EQ(said(commit(**opened, change(partition(1), 0, {}))), "<corrupt>");
}

TEST(RocksDbEngine, RefusesANewerFormatAndAForeignOne) {
  const TempFolder folder;
  const RocksDbOptions options{.path = folder.path() + "/data"};
  ASSERT_TRUE(open_rocksdb(options));
  write_meta(options.path, std::string("\0\0\0\x03posthorn", 12));
  auto opened = open_rocksdb(options);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, ErrorKind::not_supported);
  EXPECT_NE(opened.error().text.find("format 3"), std::string::npos);
  write_meta(options.path, "something else");
  opened = open_rocksdb(options);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, ErrorKind::corrupt);
  write_meta(options.path, std::string("\0\0\0\x01posthorn", 12));
  EXPECT_TRUE(open_rocksdb(options));
}

TEST(RocksDbEngine, RefusesColumnFamiliesItDoesNotKnow) {
  const TempFolder folder;
  const std::string path = folder.path() + "/data";
  rocksdb::Options options;
  options.create_if_missing = true;
  rocksdb::DB* raw = nullptr;
  ASSERT_TRUE(rocksdb::DB::Open(options, path, &raw).ok());
  rocksdb::ColumnFamilyHandle* handle = nullptr;
  EXPECT_TRUE(raw->CreateColumnFamily({}, "later", &handle).ok());
  EXPECT_TRUE(raw->DestroyColumnFamilyHandle(handle).ok());
  delete raw;
  const auto opened = open_rocksdb({.path = path});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, ErrorKind::not_supported);
}

TEST(RocksDbEngine, APathThatCannotBeMadeIsAnError) {
  const auto opened = open_rocksdb({.path = "/proc/no/such/folder"});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, ErrorKind::io);
}

TEST(RocksDbEngine, AFullQueueRefusesAndWhatItTookIsAnswered) {
  const TempFolder folder;
  const auto opened = open_rocksdb({.path = folder.path() + "/data", .queue_jobs = 8});
  ASSERT_TRUE(opened);
  std::vector<std::future<Result<PartitionVersion>>> waiting;
  for (std::uint8_t n = 0; n < 200; ++n)
    waiting.push_back(start(**opened, change(partition(n), 0, {put("a", "1")})));
  int taken = 0;
  for (std::uint8_t n = 0; n < 200; ++n) {
    const auto outcome = waiting[n].get();
    EXPECT_TRUE(outcome || outcome.error().kind == ErrorKind::unavailable);
    EXPECT_EQ(row(**opened, partition(n), "a"), outcome ? "1" : "<none>");
    taken += outcome ? 1 : 0;
  }
  EXPECT_GE(taken, 8);
  EXPECT_LT(taken, 200);
}

TEST(RocksDbEngine, WritingAheadPastTheLimitSyncsAndGoesOn) {
  const TempFolder folder;
  const auto opened = open_rocksdb({.path = folder.path() + "/data",
                                    .cache_bytes = 4 << 20,
                                    .write_buffer_bytes = 2 << 20,
                                    .wal_limit = 4 << 20,
                                    .unsynced_limit = 100'000});
  ASSERT_TRUE(opened);
  Engine& engine = **opened;
  const std::string large(60'000, 'x');
  for (std::uint8_t n = 1; n < 100; ++n) {
    ASSERT_TRUE(engine.put_page(partition(1), PageNumber{n}, large));
    ASSERT_TRUE(engine.hold(hold_of(piece(n), large, 1), partition(1)));
  }
  for (std::uint8_t n = 1; n < 100; ++n) {
    EXPECT_EQ(said(async::wait(engine.read_page(partition(1), PageNumber{n}))), large);
    EXPECT_EQ(said(async::wait(engine.read_piece(piece(n)))), large);
  }
}

}  // namespace
}  // namespace posthorn::engine
