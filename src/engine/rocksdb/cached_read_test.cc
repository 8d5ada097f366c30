#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include "engine/conformance_fixture.h"
#include "engine/rocksdb/open_on.h"

/// Cached reads run on the threads of event loops. They must never read from the disk, whatever is
/// in the caches.
namespace posthorn::engine {
namespace {

using namespace conformance;

/// The number of file reads of this thread.
thread_local std::size_t reads = 0;

class CountedFile final : public rocksdb::FSRandomAccessFileOwnerWrapper {
 public:
  using FSRandomAccessFileOwnerWrapper::FSRandomAccessFileOwnerWrapper;
  rocksdb::IOStatus Read(std::uint64_t offset, std::size_t n, const rocksdb::IOOptions& options,
                         rocksdb::Slice* result, char* scratch,
                         rocksdb::IODebugContext* debug) const override {
    ++reads;
    return FSRandomAccessFileOwnerWrapper::Read(offset, n, options, result, scratch, debug);
  }
  rocksdb::IOStatus MultiRead(rocksdb::FSReadRequest* requests, std::size_t count,
                              const rocksdb::IOOptions& options,
                              rocksdb::IODebugContext* debug) override {
    ++reads;
    return FSRandomAccessFileOwnerWrapper::MultiRead(requests, count, options, debug);
  }
  rocksdb::IOStatus Prefetch(std::uint64_t offset, std::size_t n, const rocksdb::IOOptions& options,
                             rocksdb::IODebugContext* debug) override {
    ++reads;
    return FSRandomAccessFileOwnerWrapper::Prefetch(offset, n, options, debug);
  }
};

class CountingDisk final : public rocksdb::FileSystemWrapper {
 public:
  CountingDisk() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}
  [[nodiscard]] const char* Name() const override { return "CountingDisk"; }
  rocksdb::IOStatus NewRandomAccessFile(const std::string& name,
                                        const rocksdb::FileOptions& options,
                                        std::unique_ptr<rocksdb::FSRandomAccessFile>* result,
                                        rocksdb::IODebugContext* debug) override {
    ++reads;  // Opening a table waits for the disk too.
    const auto made = FileSystemWrapper::NewRandomAccessFile(name, options, result, debug);
    if (made.ok()) *result = std::make_unique<CountedFile>(std::move(*result));
    return made;
  }
};

constexpr std::size_t kRows = 200;

std::string key_of(std::size_t n) { return fmt::format("r{:04}", n); }

/// Writes rows of several blocks, pages and pieces; all are in table files after close.
void fill(Engine& engine, const PartitionId& p) {
  Commit made = change(p, 0, {});
  for (std::size_t n = 0; n < kRows; ++n)
    made.edits.push_back(put(key_of(n), std::string(n % 2 == 0 ? 9000 : 500, 'v')));
  for (std::uint8_t n = 1; n <= 40; ++n) {
    made.carry.pages.push_back({PageNumber{n}, std::string(n % 2 == 0 ? 9000 : 500, 'p')});
    made.carry.holds.push_back(hold_of(piece(n), std::string(n % 2 == 0 ? 9000 : 500, 'b'), 1));
  }
  ASSERT_EQ(said(commit(engine, std::move(made))), "1");
}

void get_cached(Engine& engine, const PartitionId& p) {
  static_cast<void>(engine.try_version(p));
  static_cast<void>(engine.try_version(partition(9)));
  std::vector<std::string> keys;
  for (std::size_t n = 0; n < kRows; ++n) {
    const std::string key = key_of(n);
    const std::string absent = key + "-";
    for (const auto& one : {key, absent}) static_cast<void>(engine.try_get(p, std::span(&one, 1)));
    keys.push_back(key);
    keys.push_back(absent);
  }
  static_cast<void>(engine.try_get(p, keys));
}

void scan_cached(Engine& engine, const PartitionId& p) {
  for (std::size_t n = 0; n < kRows; ++n) static_cast<void>(engine.try_scan(p, key_of(n), "", 9));
}

void read_blobs_cached(Engine& engine, const PartitionId& p) {
  for (std::uint8_t n = 0; n <= 60; ++n) {
    static_cast<void>(engine.try_read_page(p, PageNumber{n}));
    static_cast<void>(engine.try_read_piece(piece(n)));
  }
}

/// Returns the number of disk reads of a call that must not make any.
std::size_t reads_of(void (&call)(Engine&, const PartitionId&), Engine& engine,
                     const PartitionId& p) {
  reads = 0;
  call(engine, p);
  return reads;
}

class CachedReads : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(OpenFiles, CachedReads, testing::Values(20, 1024));

TEST_P(CachedReads, NeverReadFromTheDisk) {
  const TempFolder folder;
  const auto env = rocksdb::NewCompositeEnv(std::make_shared<CountingDisk>());
  const RocksDbOptions options{.path = folder.path() + "/data",
                               .cache_bytes = 8 << 20,
                               .write_buffer_bytes = 2 << 20,
                               .max_open_files = GetParam()};
  const auto p = partition(1);
  {
    const auto first = open_rocksdb_on(options, env.get());
    ASSERT_TRUE(first);
    ASSERT_NO_FATAL_FAILURE(fill(**first, p));
    (*first)->close();
  }
  const auto opened = open_rocksdb_on(options, env.get());
  ASSERT_TRUE(opened);
  Engine& engine = **opened;
  // Cold caches first, then caches with more and more data.
  for (std::size_t warm = 0; warm < kRows; warm += 25) {
    EXPECT_EQ(reads_of(get_cached, engine, p), 0U) << warm;
    EXPECT_EQ(reads_of(scan_cached, engine, p), 0U) << warm;
    EXPECT_EQ(reads_of(read_blobs_cached, engine, p), 0U) << warm;
    for (std::size_t n = warm; n < warm + 25; n += 3) {
      EXPECT_NE(row(engine, p, key_of(n)), "<none>");
      const auto small = static_cast<std::uint8_t>(1 + n % 40);
      EXPECT_TRUE(async::wait(engine.read_page(p, PageNumber{small})));
      EXPECT_TRUE(async::wait(engine.read_piece(piece(small))));
    }
    EXPECT_GT(reads, 0U);  // Shows that the counter works.
  }
}

TEST_P(CachedReads, FindWhatWasReadAMomentAgo) {
  const TempFolder folder;
  const RocksDbOptions options{.path = folder.path() + "/data",
                               .cache_bytes = 16 << 20,
                               .write_buffer_bytes = 2 << 20,
                               .max_open_files = GetParam()};
  const auto p = partition(1);
  {
    const auto first = open_rocksdb(options);
    ASSERT_TRUE(first);
    ASSERT_NO_FATAL_FAILURE(fill(**first, p));
    (*first)->close();
  }
  const auto opened = open_rocksdb(options);
  ASSERT_TRUE(opened);
  const std::string key = key_of(8);
  const std::string absent = key + "-";
  for (const auto& one : {key, absent}) {
    const auto blocking = async::wait((*opened)->get(p, std::vector{one}));
    const auto cached = (*opened)->try_get(p, std::span(&one, 1));
    ASSERT_TRUE(blocking && cached) << one;
    EXPECT_EQ(cached->front(), blocking->front());
  }
}

}  // namespace
}  // namespace posthorn::engine
