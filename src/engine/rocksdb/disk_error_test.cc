#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <atomic>
#include <thread>

#include "engine/conformance_fixture.h"
#include "engine/rocksdb/open_on.h"

/// A disk that fails and recovers: commits fail with io or unavailable, nothing of them is visible,
/// and writing continues without a restart.
namespace posthorn::engine {
namespace {

using namespace conformance;

enum class Sickness : std::uint8_t {
  none,
  full,
  broken,
  broken_sync,
  cannot_reopen,  ///< Writes fail; files can be created, but not a manifest.
};

class SickFile final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  SickFile(std::unique_ptr<rocksdb::FSWritableFile> file, const std::atomic<Sickness>& sickness,
           bool is_log)
      : FSWritableFileOwnerWrapper(std::move(file)), sickness_(sickness), is_log_(is_log) {}

  rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                           rocksdb::IODebugContext* debug) override {
    if (const auto sick = of_write(); !sick.ok()) return sick;
    return FSWritableFileOwnerWrapper::Append(data, options, debug);
  }
  rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                           const rocksdb::DataVerificationInfo& verify,
                           rocksdb::IODebugContext* debug) override {
    if (const auto sick = of_write(); !sick.ok()) return sick;
    return FSWritableFileOwnerWrapper::Append(data, options, verify, debug);
  }
  rocksdb::IOStatus Sync(const rocksdb::IOOptions& options,
                         rocksdb::IODebugContext* debug) override {
    if (sickness_ == Sickness::broken_sync) return rocksdb::IOStatus::IOError("sync: sick");
    return FSWritableFileOwnerWrapper::Sync(options, debug);
  }

 private:
  [[nodiscard]] rocksdb::IOStatus of_write() const {
    if (sickness_ == Sickness::full) return rocksdb::IOStatus::NoSpace("sick");
    if (sickness_ == Sickness::broken) return rocksdb::IOStatus::IOError("write: sick");
    if (sickness_ == Sickness::cannot_reopen && is_log_)
      return rocksdb::IOStatus::IOError("log: sick");
    return rocksdb::IOStatus::OK();
  }
  const std::atomic<Sickness>& sickness_;
  const bool is_log_;
};

class SickDisk final : public rocksdb::FileSystemWrapper {
 public:
  SickDisk() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}
  [[nodiscard]] const char* Name() const override { return "SickDisk"; }
  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* result,
                                    rocksdb::IODebugContext* debug) override {
    if (sickness == Sickness::broken) return rocksdb::IOStatus::IOError("create: sick");
    if (sickness == Sickness::cannot_reopen && name.find("MANIFEST") != std::string::npos)
      return rocksdb::IOStatus::IOError("manifest: sick");
    const auto made = FileSystemWrapper::NewWritableFile(name, options, result, debug);
    if (made.ok())
      *result = std::make_unique<SickFile>(std::move(*result), sickness, name.ends_with(".log"));
    return made;
  }
  rocksdb::IOStatus NewLogger(const std::string& name, const rocksdb::IOOptions& options,
                              std::shared_ptr<rocksdb::Logger>* result,
                              rocksdb::IODebugContext* debug) override {
    ++own_logs;
    return FileSystemWrapper::NewLogger(name, options, result, debug);
  }
  std::atomic<int> own_logs = 0;  ///< For RocksDB's messages, not the write-ahead log.
  std::atomic<Sickness> sickness = Sickness::none;
};

std::string name_of_sickness(const testing::TestParamInfo<Sickness>& info) {
  switch (info.param) {
    case Sickness::none: return "None";
    case Sickness::full: return "Full";
    case Sickness::broken: return "Broken";
    case Sickness::broken_sync: return "BrokenSync";
    case Sickness::cannot_reopen: return "CannotReopen";
  }
  return "Unknown";
}

class DiskErrors : public testing::TestWithParam<Sickness> {};
INSTANTIATE_TEST_SUITE_P(Kinds, DiskErrors,
                         testing::Values(Sickness::full, Sickness::broken, Sickness::broken_sync,
                                         Sickness::cannot_reopen),
                         name_of_sickness);

/// Commits until one succeeds, reading the version again as the store does. Returns the number of
/// failures before.
int failures_until_success(Engine& engine, const PartitionId& p) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  for (int failed = 0; std::chrono::steady_clock::now() < deadline; ++failed) {
    const auto tail = async::wait(engine.version(p));
    if (tail && commit(engine, change(p, tail->revision, {put("a", "well")}))) return failed;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return -1;
}

TEST_P(DiskErrors, CommitsFailAndThenGoOnWithoutARestart) {
  const TempFolder folder;
  const auto disk = std::make_shared<SickDisk>();
  const auto env = rocksdb::NewCompositeEnv(disk);
  const RocksDbOptions options{.path = folder.path() + "/data", .cache_bytes = 4 << 20};
  auto opened = open_rocksdb_on(options, env.get());
  ASSERT_TRUE(opened) << opened.error().cause;
  Engine& engine = **opened;
  const auto p = partition(1);
  ASSERT_EQ(said(commit(engine, change(p, 0, {put("a", "before")}))), "1");
  ASSERT_TRUE(engine.hold(hold_of(piece(1), "bytes", 1), p));
  for (int round = 0; round < 2; ++round) {
    const std::uint64_t tail = async::wait(engine.version(p))->revision;
    disk->sickness = GetParam();
    auto first = start(engine, change(p, tail, {put("a", "sick")}));
    auto second = start(engine, change(p, tail + 1, {put("a", "sicker")}));
    EXPECT_EQ(said(first.get()), "<io>");
    const std::string after_first = said(second.get());
    EXPECT_NE(after_first, std::to_string(tail + 2)) << after_first;
    for (int i = 0; i < 5; ++i) {
      const std::string outcome = said(commit(engine, change(p, tail, {put("a", "sick")})));
      EXPECT_TRUE(outcome == "<io>" || outcome == "<unavailable>") << outcome;
      std::this_thread::sleep_for(std::chrono::milliseconds(30));
    }
    disk->sickness = Sickness::none;
    EXPECT_GE(failures_until_success(engine, p), 0) << "round " << round;
    EXPECT_EQ(row(engine, p, "a"), "well");
    EXPECT_EQ(said(async::wait(engine.read_piece(piece(1)))), "bytes");
    EXPECT_TRUE(engine.put_page(p, PageNumber{1}, "page"));
  }
  const auto tail = said(async::wait(engine.version(p)));
  engine.close();
  opened = open_rocksdb(options);
  ASSERT_TRUE(opened) << opened.error().text << opened.error().cause;
  EXPECT_EQ(said(async::wait((*opened)->version(p))), tail);
  EXPECT_EQ(row(**opened, p, "a"), "well");
}

TEST(DiskError, APageThatCannotBeWrittenIsAnErrorAndPagesComeBack) {
  const TempFolder folder;
  const auto disk = std::make_shared<SickDisk>();
  const auto env = rocksdb::NewCompositeEnv(disk);
  const auto opened = open_rocksdb_on({.path = folder.path() + "/data"}, env.get());
  ASSERT_TRUE(opened);
  const auto p = partition(1);
  disk->sickness = Sickness::full;
  EXPECT_EQ(said((*opened)->put_page(p, PageNumber{1}, "page")), "<io>");
  disk->sickness = Sickness::none;
  Status written;
  for (int i = 0; i < 500; ++i) {
    written = (*opened)->put_page(p, PageNumber{1}, "page");
    if (written) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  EXPECT_EQ(said(written), "ok");
  EXPECT_GE(failures_until_success(**opened, p), 0);
}

TEST_P(DiskErrors, ReadingGoesOnWhileNothingCanBeWritten) {
  const TempFolder folder;
  const auto disk = std::make_shared<SickDisk>();
  const auto env = rocksdb::NewCompositeEnv(disk);
  const auto opened = open_rocksdb_on({.path = folder.path() + "/data"}, env.get());
  ASSERT_TRUE(opened);
  Engine& engine = **opened;
  const auto p = partition(1);
  ASSERT_EQ(said(commit(engine, change(p, 0, {put("a", "before")}))), "1");
  ASSERT_TRUE(engine.put_page(p, PageNumber{1}, "page"));
  ASSERT_EQ(said(commit(engine, change(p, 1, {}))), "2");
  disk->sickness = GetParam();
  EXPECT_EQ(said(commit(engine, change(p, 2, {put("a", "sick")}))), "<io>");
  const auto is_readable = [&] {
    const auto page = async::wait(engine.read_page(p, PageNumber{1}));
    return page && *page == "page";
  };
  // Reads fail while the database is closed and opened; that is short, and does not recur for a
  // long time.
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  for (int i = 0; i < 1000 && !is_readable(); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  int refused = 0;
  int read = 0;
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(2);
  while (std::chrono::steady_clock::now() < until) {
    ++(is_readable() ? read : refused);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  EXPECT_GT(read, 10 * refused);
  disk->sickness = Sickness::none;
  EXPECT_GE(failures_until_success(engine, p), 0);
  EXPECT_EQ(row(engine, p, "a"), "well");
}

TEST(DiskError, RocksDbKeepsNoLogOfItsOwnOnTheDisk) {
  const TempFolder folder;
  const auto disk = std::make_shared<SickDisk>();
  const auto env = rocksdb::NewCompositeEnv(disk);
  for (int round = 0; round < 3; ++round) {
    const auto opened = open_rocksdb_on({.path = folder.path() + "/data"}, env.get());
    ASSERT_TRUE(opened);
    const auto p = partition(1);
    ASSERT_TRUE(commit(**opened, change(p, async::wait((*opened)->version(p))->revision, {})));
    disk->sickness = Sickness::full;
    (void)commit(**opened, change(p, async::wait((*opened)->version(p))->revision, {}));
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    disk->sickness = Sickness::none;
    EXPECT_GE(failures_until_success(**opened, p), 0);
  }
  EXPECT_EQ(disk->own_logs, 0);
}

}  // namespace
}  // namespace posthorn::engine
