#include "engine/rocksdb/salvage/salvage.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>

#include "engine/conformance_fixture.h"
#include "engine/rocksdb/database.h"
#include "engine/rocksdb/layout.h"
#include "engine/rocksdb/rocksdb_engine.h"
#include "engine/rocksdb/salvage/manifest_file.h"
#include "engine/rocksdb/salvage/table_file.h"
#include "engine/rocksdb/salvage/table_set.h"

namespace posthorn::engine {
namespace {

using namespace conformance;
namespace fs = std::filesystem;

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write_file(const std::string& path, const std::string& octets) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << octets;
}

std::string text(int n) { return fmt::format("value {} ", n) + std::string(n % 90, 'v'); }
std::string key(int n) { return fmt::format("key{:05}", n); }

class SalvageTest : public testing::Test {
 protected:
  static constexpr int kRows = 2000;

  std::unique_ptr<Engine> open(const std::string& path) {
    auto opened =
        open_rocksdb({.path = path, .cache_bytes = 4 << 20, .write_buffer_bytes = 2 << 20});
    EXPECT_TRUE(opened) << opened.error().text;
    return opened ? std::move(*opened) : nullptr;
  }

  void write(Engine& engine, std::vector<Edit> edits, Carry carry = {}) {
    Commit made = change(id_, async::wait(engine.version(id_))->revision, std::move(edits));
    made.carry = std::move(carry);
    const auto done = commit(engine, std::move(made));
    ASSERT_TRUE(done) << done.error().text;
  }

  /// Rows, of which the second opening changes one and removes another; a page and a piece.
  void make_store() {
    auto engine = open(from_);
    std::vector<Edit> edits;
    for (int n = 0; n < kRows; ++n) edits.push_back(put(key(n), text(n)));
    Carry carry;
    carry.pages.push_back({PageNumber(7), std::string(9000, 'p')});
    carry.holds.push_back(hold_of(piece(1), std::string(7000, 'q'), 5));
    write(*engine, std::move(edits), std::move(carry));
    engine.reset();
    engine = open(from_);
    write(*engine, {put(key(3), "changed"), removal(key(4))});
  }

  Result<Salvaged> salvage() { return salvage_rocksdb(from_, into_); }

  void expect_all(Engine& engine) {
    EXPECT_EQ(row(engine, id_, key(3)), "changed");
    EXPECT_EQ(row(engine, id_, key(4)), "<none>");
    for (int n = 5; n < kRows; ++n) ASSERT_EQ(row(engine, id_, key(n)), text(n));
    EXPECT_EQ(said(async::wait(engine.read_page(id_, PageNumber(7)))), std::string(9000, 'p'));
    EXPECT_EQ(said(async::wait(engine.read_piece(piece(1)))), std::string(7000, 'q'));
    const auto info = engine.inspect(piece(1));
    ASSERT_TRUE(info && *info);
    ASSERT_EQ((*info)->holders.size(), 1U);
    EXPECT_EQ((*info)->holders[0].partition, id_);
    EXPECT_GT(engine.epoch(), 0U);
  }

  /// The tables with rows, the oldest first.
  std::vector<std::string> row_tables() {
    std::vector<std::string> found;
    for (const auto& entry : fs::directory_iterator(from_)) {
      if (entry.path().extension() != ".sst") continue;
      auto table = rocks::TableFile::open(entry.path().string());
      if (table && (*table)->family().name == "rows") found.push_back(entry.path().string());
    }
    std::ranges::sort(found);
    return found;
  }

  const TempFolder folder_;
  const std::string from_ = folder_.path() + "/from";
  const std::string into_ = folder_.path() + "/into";
  const PartitionId id_ = partition(1);
};

TEST_F(SalvageTest, WithoutCurrentAndManifestNothingIsLost) {
  make_store();
  for (const auto& entry : std::vector<fs::directory_entry>(fs::directory_iterator(from_), {}))
    if (entry.path().extension() != ".sst" && entry.path().extension() != ".blob" &&
        entry.path().extension() != ".log")
      fs::remove(entry.path());
  const auto done = salvage();
  ASSERT_TRUE(done) << done.error().text;
  EXPECT_TRUE(done->losses.empty()) << done->losses.front();
  EXPECT_FALSE(done->notes.empty());
  expect_all(*open(into_));
}

TEST_F(SalvageTest, WhatIsOnlyInTheLogIsBroughtOut) {
  auto engine = open(from_);
  write(*engine, {put(key(1), "first")});
  write(*engine, {put(key(1), "second"), put(key(2), "there")});
  write(*engine, {removal(key(2))});
  fs::copy(from_, from_ + "-copy", fs::copy_options::recursive);  // As after a crash.
  const auto done = salvage_rocksdb(from_ + "-copy", into_);
  ASSERT_TRUE(done) << done.error().text;
  EXPECT_TRUE(done->losses.empty()) << done->losses.front();
  const auto salvaged = open(into_);
  EXPECT_EQ(row(*salvaged, id_, key(1)), "second");
  EXPECT_EQ(row(*salvaged, id_, key(2)), "<none>");
}

TEST_F(SalvageTest, NothingIsOverwrittenOrInvented) {
  make_store();
  EXPECT_TRUE(salvage());
  EXPECT_EQ(salvage().error().kind, ErrorKind::already_exists);
  EXPECT_EQ(salvage_rocksdb(folder_.path() + "/nowhere", into_).error().kind, ErrorKind::not_found);
}

TEST_F(SalvageTest, AMissingBlobCostsItsValuesAndTheirHolders) {
  make_store();
  for (const auto& entry : std::vector<fs::directory_entry>(fs::directory_iterator(from_), {}))
    if (entry.path().extension() == ".blob") fs::remove(entry.path());
  const auto done = salvage();
  ASSERT_TRUE(done) << done.error().text;
  EXPECT_EQ(done->losses.size(), 2U);  // A page and a piece.
  const auto engine = open(into_);
  EXPECT_EQ(row(*engine, id_, key(5)), text(5));
  // If it had a state, its bytes would not be stored again.
  EXPECT_FALSE(engine->inspect(piece(1))->has_value());
}

TEST_F(SalvageTest, DamageOfATableCostsOnlyItsBlocks) {
  make_store();
  const std::string path = row_tables().front();
  const std::string whole = read_file(path);
  constexpr std::size_t kSteps = 97;
  for (std::size_t at = 0; at < whole.size(); at += whole.size() / kSteps) {
    std::string octets = whole;
    for (std::size_t i = at; i < std::min(at + 3, octets.size()); ++i) octets[i] ^= 0x5a;
    write_file(path, octets);
    auto table = rocks::TableFile::open(path);
    if (!table) {
      EXPECT_GT(at, whole.size() * 9 / 10) << table.error().text;  // The properties.
      continue;
    }
    std::map<std::string, std::string> found;
    while ((*table)->next()) found.emplace((*table)->key(), (*table)->value());
    int missing = 0;
    for (int n = 0; n < kRows; ++n) {
      const auto it = found.find(std::string(id_.view()) + '\1' + key(n));
      if (it == found.end()) {
        ++missing;
      } else {
        ASSERT_EQ(it->second, text(n)) << at;
      }
    }
    EXPECT_LT(missing, kRows / 4) << at;
    EXPECT_EQ(missing > 0, !(*table)->lost().empty()) << at;
  }
}

TEST_F(SalvageTest, ADamagedBlockIsReportedWithItsPartitions) {
  make_store();
  const std::string path = row_tables().front();
  std::string octets = read_file(path);
  octets[octets.size() / 4] ^= 1;
  write_file(path, octets);
  const auto done = salvage();
  ASSERT_TRUE(done) << done.error().text;
  ASSERT_EQ(done->losses.size(), 1U);
  ASSERT_EQ(done->rows_lost.size(), 1U);
  EXPECT_EQ(done->rows_lost[0].first, id_);
  EXPECT_EQ(done->rows_lost[0].last, id_);
  EXPECT_LT(done->rows, static_cast<std::uint64_t>(kRows));
  EXPECT_GT(done->rows, static_cast<std::uint64_t>(kRows / 2));
}

TEST_F(SalvageTest, AMissingTableIsToldByTheManifest) {
  make_store();
  const std::string path = row_tables().front();
  fs::remove(path);
  const auto done = salvage();
  ASSERT_TRUE(done) << done.error().text;
  ASSERT_EQ(done->losses.size(), 1U);
  EXPECT_NE(done->losses[0].find(fs::path(path).filename().string()), std::string::npos);
  // The version was in the second table, too.
  EXPECT_EQ(row(*open(into_), id_, key(3)), "changed");
}

TEST_F(SalvageTest, ATableThatIsNoLongerInUseIsPassedOver) {
  make_store();
  const std::uint64_t oldest = std::stoull(fs::path(row_tables().front()).stem().string());
  const auto opened = [&](const rocks::ManifestFacts& facts) {
    rocks::TableSet set;
    Salvaged out;
    EXPECT_TRUE(set.find(from_, facts, out));
    auto tables = set.open(from_, rocks::Family::rows, out);
    EXPECT_TRUE(tables);
    return tables ? tables->size() : 0;
  };
  rocks::ManifestFacts facts;
  const std::size_t all = opened(facts);
  facts.unused.insert(oldest);
  EXPECT_EQ(opened(facts), all - 1);
}

TEST_F(SalvageTest, AStoreThatAProcessHasOpenIsLeftAlone) {
  make_store();
  std::array<int, 2> ready{};
  ASSERT_EQ(pipe(ready.data()), 0);
  // A process is not told of its own locks.
  const pid_t other = fork();
  if (other == 0) {
    struct flock lock = {};
    lock.l_type = F_WRLCK;
    const int fd = ::open((from_ + "/LOCK").c_str(), O_RDWR | O_CREAT, 0600);
    if (fcntl(fd, F_SETLK, &lock) != 0 || ::write(ready[1], "x", 1) != 1) _exit(1);
    pause();
  }
  char octet = 0;
  EXPECT_EQ(::read(ready[0], &octet, 1), 1);
  const auto refused = salvage();
  kill(other, SIGKILL);
  waitpid(other, nullptr, 0);
  close(ready[0]);
  close(ready[1]);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::unavailable);
  EXPECT_TRUE(salvage());
}

TEST_F(SalvageTest, APartitionWithoutVersionGetsOne) {
  make_store();
  {
    RocksDbOptions options;
    options.path = from_;
    auto database = rocks::Database::open(options, nullptr, std::make_shared<rocks::Alarm>());
    ASSERT_TRUE(database) << database.error().text;
    ::rocksdb::WriteBatch batch;
    ASSERT_TRUE(batch.Delete((*database)->rows(), rocks::slice(rocks::version_key(id_))).ok());
    ASSERT_TRUE((*database)->write({}, batch).ok());
  }
  ASSERT_TRUE(salvage());
  const auto engine = open(into_);
  const auto all = engine->partitions(std::nullopt, 10);
  ASSERT_TRUE(all);
  EXPECT_EQ(*all, std::vector{id_});
  EXPECT_GT(async::wait(engine->version(id_))->revision, 0U);
}

TEST(ManifestFile, HostileRecordsEnd) {
  rocks::ManifestFacts facts;
  for (int a = 0; a < 256; ++a)
    for (int b = 0; b < 256; ++b) {
      const std::string record{static_cast<char>(a), static_cast<char>(b), '\3', '\xff'};
      (void)rocks::take_manifest_record(record, facts);
    }
  // Deletes table 5 of level 0, and moves table 6 from level 1 to 2.
  const std::string record =
      std::string("\6\0\5\6\1\6", 6) + "\x67\2" + std::string("\6\1\0\0\0\0\1", 7);
  EXPECT_TRUE(rocks::take_manifest_record(record, facts));
  EXPECT_TRUE(facts.unused.contains(5));
  EXPECT_FALSE(facts.unused.contains(6));
  EXPECT_TRUE(facts.tables.contains(6));
}

}  // namespace
}  // namespace posthorn::engine
