#include <rocksdb/db.h>

#include <fstream>
#include <iterator>
#include <random>

#include "engine/conformance_fixture.h"
#include "engine/rocksdb/rocksdb_engine.h"
#include "engine/rocksdb/wal/wal_file.h"
#include "engine/rocksdb/wal/wal_marks.h"
#include "engine/rocksdb/wal/wal_watch.h"

/// Damage to the write-ahead log is distinguished from the torn end that a crash leaves. Data that
/// was durable must be there, or the engine refuses to open; other data may be in any state.
namespace posthorn::engine {
namespace {

using namespace conformance;
namespace fs = std::filesystem;

constexpr std::uint64_t kCommits = 300;

using rocks::OctetRange;

/// A log: the positions of its records, and its durable length.
struct Log {
  std::string path;
  std::uint64_t synced = 0;
  std::uint64_t size = 0;
  std::vector<OctetRange> records;
};

class WalLoss : public testing::Test {
 protected:
  [[nodiscard]] std::string data() const { return folder_.path() + "/data"; }
  [[nodiscard]] std::string copy() const { return folder_.path() + "/copy"; }

  /// Makes acknowledged commits, then pages that were never acknowledged. copy() gets the files as
  /// a kill at that moment leaves them.
  void crash_after(std::uint64_t commits, std::uint64_t pages = 0) {
    const auto opened = open_rocksdb({.path = data()});
    ASSERT_TRUE(opened) << opened.error().text;
    for (std::uint64_t n = 0; n < commits; ++n) commit_one(**opened, n);
    for (std::uint64_t n = 1; n <= pages; ++n)
      ASSERT_TRUE((*opened)->put_page(partition(9), PageNumber{n}, std::string(20'000, 'p')));
    fs::remove_all(copy());
    fs::copy(data(), copy(), fs::copy_options::recursive);
  }

  static void commit_one(Engine& engine, std::uint64_t n) {
    const auto p = partition(static_cast<std::uint8_t>(n % 3));
    ASSERT_TRUE(commit(engine, change(p, n / 3, {put(name(n), std::string(500, 'v'))})));
  }

  static std::string name(std::uint64_t n) { return fmt::format("row{:06}", n); }

  /// The newest log of the copy.
  [[nodiscard]] Log log() const {
    Log found;
    std::uint64_t newest = 0;
    for (const auto& file : fs::directory_iterator(copy()))
      if (const auto number = rocks::wal_number(file.path().native()); number && *number > newest) {
        newest = *number;
        found.path = file.path().string();
      }
    const auto marks = rocks::WalMarkFile(copy()).read();
    if (marks) found.synced = marks->of(newest);
    const auto scanned = rocks::scan_wal(
        found.path, [&](const rocks::WalRecord& record) { found.records.push_back(record.place); });
    EXPECT_TRUE(scanned);
    if (scanned) found.size = scanned->size;
    return found;
  }

  static void damage(const std::string& path, std::uint64_t at) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(static_cast<std::streamoff>(at));
    const char was = static_cast<char>(file.get());
    file.seekp(static_cast<std::streamoff>(at));
    file.put(static_cast<char>(was ^ 0x01));
  }

  /// The names, sizes and contents of the files.
  [[nodiscard]] std::map<std::string, std::string> files() const {
    std::map<std::string, std::string> all;
    for (const auto& file : fs::directory_iterator(copy())) {
      std::ifstream stream(file.path(), std::ios::binary);
      all[file.path().filename()] = {std::istreambuf_iterator<char>(stream), {}};
    }
    return all;
  }

  std::unique_ptr<Engine> open(bool accept_loss = false) {
    auto opened = open_rocksdb({.path = copy(), .accept_loss = accept_loss});
    refusal_ = opened ? "" : opened.error().text;
    if (!opened) EXPECT_EQ(opened.error().kind, ErrorKind::corrupt) << refusal_;
    return opened ? std::move(*opened) : nullptr;
  }

  /// Expects a refusal with these words, and no change.
  void expect_refused(const std::string& words) {
    const auto before = files();
    EXPECT_FALSE(open()) << "damage was passed over: " << words;
    EXPECT_NE(refusal_.find(words), std::string::npos) << refusal_;
    EXPECT_NE(refusal_.find("--accept-loss"), std::string::npos) << refusal_;
    EXPECT_EQ(files(), before);
  }

  /// The number of commits that exist.
  static std::uint64_t rows_in(Engine& engine) {
    std::uint64_t there = 0;
    for (std::uint64_t n = 0; n < kCommits; ++n)
      there += row(engine, partition(static_cast<std::uint8_t>(n % 3)), name(n)) != "<none>";
    return there;
  }

  void expect_silent() {
    const auto engine = open();
    ASSERT_TRUE(engine) << refusal_;
    EXPECT_EQ(rows_in(*engine), kCommits);
    EXPECT_EQ(engine->epoch(), 0U);
  }

  const TempFolder folder_;
  std::string refusal_;
};

TEST_F(WalLoss, ACrashIsNone) {
  crash_after(kCommits);
  const Log crashed = log();
  EXPECT_EQ(crashed.synced, crashed.size) << "the last commit was durable and has no mark";
  expect_silent();
}

TEST_F(WalLoss, AByteInTheMiddleIs) {
  crash_after(kCommits);
  const Log whole = log();
  const std::size_t third = whole.records.size() / 3;
  damage(whole.path, whole.records[third].begin + 100);
  expect_refused(fmt::format("is damaged from octet {} on: {} of its {} octets cannot be read",
                             whole.records[third].begin,
                             whole.records[third].end - whole.records[third].begin, whole.synced));
  EXPECT_NE(refusal_.find(fmt::format("{} complete records", whole.records.size() - third - 1)),
            std::string::npos)
      << refusal_;
  const auto before = files();
  const auto engine = open(true);
  ASSERT_TRUE(engine) << refusal_;
  EXPECT_EQ(rows_in(*engine), kCommits - 1) << "only the damaged record goes";
  EXPECT_GT(engine->epoch(), 0U);
  const std::string kept = fmt::format("{}/damaged-logs/{}/{}", copy(), engine->epoch(),
                                       fs::path(whole.path).filename().string());
  std::ifstream stream(kept, std::ios::binary);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(stream), {}),
            before.at(fs::path(whole.path).filename()));
}

TEST_F(WalLoss, TheLastRecordThatWasSyncedIs) {
  crash_after(kCommits);
  const Log whole = log();
  damage(whole.path, whole.records.back().end - 1);
  expect_refused("no complete records follow");
  const auto engine = open(true);
  ASSERT_TRUE(engine) << refusal_;
  EXPECT_EQ(rows_in(*engine), kCommits - 1);
}

TEST_F(WalLoss, ALogShorterThanWhatWasSyncedIs) {
  crash_after(kCommits);
  const Log whole = log();
  const std::size_t half = whole.records.size() / 2;
  fs::resize_file(whole.path, whole.records[half].begin);  // Every record in it is intact.
  expect_refused(
      fmt::format("ends at octet {}, although {} octets", whole.records[half].begin, whole.synced));
  fs::resize_file(whole.path, 0);
  expect_refused("ends at octet 0");
  const auto engine = open(true);
  ASSERT_TRUE(engine) << refusal_;
  EXPECT_EQ(rows_in(*engine), 0U);
}

TEST_F(WalLoss, AMissingLogIs) {
  crash_after(kCommits);
  fs::remove(log().path);
  expect_refused("is missing");
  {
    const auto engine = open(true);
    ASSERT_TRUE(engine) << refusal_;
    EXPECT_EQ(rows_in(*engine), 0U);
    EXPECT_TRUE(commit(*engine, change(partition(0), 0, {put("after", "1")})));
  }
  EXPECT_TRUE(open()) << refusal_;  // Once accepted, the loss is not reported again.
}

TEST_F(WalLoss, SeveralDamagedRecordsCostNoMoreThanThemselves) {
  crash_after(kCommits);
  const Log whole = log();
  for (std::size_t n = 10; n < 15; ++n) damage(whole.path, whole.records[10 * n].begin + 30);
  EXPECT_FALSE(open());
  const auto engine = open(true);
  ASSERT_TRUE(engine) << refusal_;
  EXPECT_EQ(rows_in(*engine), kCommits - 5);
}

TEST_F(WalLoss, GarbageBehindTheEndIsNone) {
  crash_after(kCommits);
  std::ofstream(log().path, std::ios::app | std::ios::binary) << std::string(5000, 'g');
  expect_silent();
}

TEST_F(WalLoss, WhatWasNotSyncedMayBeInAnyState) {
  crash_after(kCommits, 20);
  const Log whole = log();
  ASSERT_GT(whole.size, whole.synced + 300'000);
  fs::copy(copy(), folder_.path() + "/kept", fs::copy_options::recursive);
  std::mt19937_64 random(9);
  for (int round = 0; round < 40; ++round) {
    fs::remove_all(copy());
    fs::copy(folder_.path() + "/kept", copy(), fs::copy_options::recursive);
    // Cut at any place, followed by pages of the rest that never reached the disk.
    const std::uint64_t size = whole.synced + random() % (whole.size - whole.synced);
    if (round % 2 == 0) fs::resize_file(whole.path, size);
    std::fstream file(whole.path, std::ios::in | std::ios::out | std::ios::binary);
    for (std::uint64_t page = whole.synced / 4096 + 1; (page + 1) * 4096 < size; ++page) {
      if (random() % 3 != 0) continue;
      file.seekp(static_cast<std::streamoff>(page * 4096));
      file << std::string(4096, '\0');
    }
    file.close();
    expect_silent();
  }
}

TEST_F(WalLoss, OlderMarksNeverMakeAStartStricter) {
  std::vector<std::string> marks;
  {
    const auto opened = open_rocksdb({.path = data()});
    ASSERT_TRUE(opened);
    for (std::uint64_t n = 0; n < kCommits; ++n) {
      commit_one(**opened, n);
      std::ifstream stream(data() + "/SYNCED", std::ios::binary);
      if (n % 30 == 0)
        marks.emplace_back(std::istreambuf_iterator<char>(stream),
                           std::istreambuf_iterator<char>());
    }
    fs::copy(data(), folder_.path() + "/kept", fs::copy_options::recursive);
  }
  marks.emplace_back();
  marks.emplace_back(2048, '\0');
  for (const std::string& mark : marks) {
    fs::remove_all(copy());
    fs::copy(folder_.path() + "/kept", copy(), fs::copy_options::recursive);
    std::ofstream(copy() + "/SYNCED", std::ios::binary | std::ios::trunc) << mark;
    expect_silent();
  }
}

TEST_F(WalLoss, RecordsBehindItTellThatADamagedOneWasDurable) {
  crash_after(kCommits);
  const Log whole = log();
  damage(whole.path, whole.records[100].begin + 40);
  fs::remove(copy() + "/SYNCED");  // As a power loss may leave it.
  expect_refused("is damaged from octet");
}

TEST_F(WalLoss, AnotherProgramMayHaveOpenedTheDatabase) {
  crash_after(kCommits);
  {
    std::vector<rocksdb::ColumnFamilyDescriptor> families;
    for (const char* family : {"default", "rows", "pages", "pieces", "holders"})
      families.emplace_back(family, rocksdb::ColumnFamilyOptions());
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    rocksdb::DB* raw = nullptr;
    ASSERT_TRUE(rocksdb::DB::Open(rocksdb::DBOptions(), copy(), families, &handles, &raw).ok());
    for (rocksdb::ColumnFamilyHandle* handle : handles)
      EXPECT_TRUE(raw->DestroyColumnFamilyHandle(handle).ok());
    delete raw;  // It has deleted the log that the marks name.
  }
  expect_silent();
}

TEST_F(WalLoss, ManyLogsComeAndGo) {
  for (int round = 0; round < 4; ++round) {
    const auto opened = open_rocksdb({.path = data(),
                                      .cache_bytes = 8 << 20,
                                      .write_buffer_bytes = 1 << 20,
                                      .wal_limit = 2 << 20});
    ASSERT_TRUE(opened) << opened.error().text;
    for (std::uint8_t n = 0; n < 100; ++n) {
      const auto p = partition(n);
      const auto tail = async::wait((*opened)->version(p));
      ASSERT_TRUE(tail);
      ASSERT_TRUE(
          commit(**opened, change(p, tail->revision, {put("a", std::string(60'000, 'a'))})));
    }
    fs::remove_all(copy());
    // Logs may be deleted while they are copied; those that the marks name would be missing, too.
    (*opened)->close();
    fs::copy(data(), copy(), fs::copy_options::recursive);
    EXPECT_TRUE(open()) << refusal_;
  }
}

TEST_F(WalLoss, AcceptingItAgainAfterACrashInTheMiddleOfItWorks) {
  crash_after(kCommits);
  const Log whole = log();
  damage(whole.path, whole.records[50].begin + 40);
  fs::copy(copy(), folder_.path() + "/kept", fs::copy_options::recursive);
  {
    ASSERT_TRUE(open(true)) << refusal_;
  }
  const auto marks = rocks::WalMarkFile(folder_.path() + "/kept").read();
  // The log is rewritten already, the marks are not.
  ASSERT_TRUE(marks);
  fs::remove_all(copy());
  fs::copy(folder_.path() + "/kept", copy(), fs::copy_options::recursive);
  fs::resize_file(whole.path, whole.records[200].begin);
  std::ofstream(copy() + "/LOSSES") << "1700000000 begun\n";
  EXPECT_FALSE(open());
  const auto engine = open(true);
  ASSERT_TRUE(engine) << refusal_;
  EXPECT_GT(engine->epoch(), 1'700'000'000U);
  EXPECT_GE(rows_in(*engine), 190U);
}

TEST_F(WalLoss, TheEpochStays) {
  crash_after(kCommits);
  damage(log().path, log().records[5].begin + 40);
  std::uint64_t epoch = 0;
  {
    const auto engine = open(true);
    ASSERT_TRUE(engine) << refusal_;
    epoch = engine->epoch();
  }
  fs::remove(copy() + "/LOSSES");
  const auto engine = open();
  ASSERT_TRUE(engine) << refusal_;
  EXPECT_EQ(engine->epoch(), epoch);
}

}  // namespace
}  // namespace posthorn::engine
