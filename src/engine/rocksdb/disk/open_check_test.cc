#include <rocksdb/db.h>

#include <fstream>
#include <ranges>

#include "engine/conformance_fixture.h"
#include "engine/rocksdb/rocksdb_engine.h"

/// A folder with missing or damaged files is refused every time, and nothing in it changes, so that
/// restoring what is missing restores everything.
namespace posthorn::engine {
namespace {

using namespace conformance;
namespace fs = std::filesystem;

constexpr std::uint8_t kRounds = 3;

class OpenCheck : public testing::Test {
 protected:
  [[nodiscard]] std::string path() const { return folder_.path() + "/data"; }
  [[nodiscard]] std::string path(const std::string& name) const { return path() + "/" + name; }
  Result<std::unique_ptr<Engine>> open(IfAbsent if_absent) const {
    return open_rocksdb({.path = path(), .if_absent = if_absent, .max_open_files = 64});
  }

  /// Makes a store with several table and blob files.
  void make_store() {
    for (std::uint8_t n = 0; n < kRounds; ++n) {
      const auto opened = open(IfAbsent::create);
      ASSERT_TRUE(opened) << opened.error().text;
      Commit made = change(partition(1), n, {put(fmt::format("r{}", n), "value")});
      made.carry.pages = {{PageNumber{n + 1ULL}, std::string(9000, 'p')}};
      made.carry.holds = {hold_of(piece(n), std::string(9000, 'b'), 1)};
      ASSERT_TRUE(commit(**opened, std::move(made)));
      (*opened)->close();
    }
  }

  void expect_everything_there() {
    const auto opened = open(IfAbsent::refuse);
    ASSERT_TRUE(opened) << opened.error().text;
    EXPECT_EQ(rows(**opened, partition(1)), "r0=value;r1=value;r2=value;");
    for (std::uint8_t n = 0; n < kRounds; ++n) {
      EXPECT_TRUE(async::wait((*opened)->read_page(partition(1), PageNumber{n + 1ULL})));
      EXPECT_TRUE(async::wait((*opened)->read_piece(piece(n))));
    }
  }

  /// The names and sizes of all files except the lock.
  [[nodiscard]] std::map<std::string, std::uintmax_t> listing() const {
    std::map<std::string, std::uintmax_t> found;
    for (const auto& entry : fs::directory_iterator(path()))
      if (const std::string name = entry.path().filename().string(); name != "LOCK")
        found[name] = entry.file_size();
    return found;
  }
  [[nodiscard]] std::vector<std::string> names(std::string_view part) const {
    std::vector<std::string> found;
    for (const auto& name : listing() | std::views::keys)
      if (name.find(part) != std::string::npos) found.push_back(name);
    return found;
  }
  [[nodiscard]] std::string keep(const std::string& name) const {
    fs::copy_file(path(name), folder_.path() + "/kept", fs::copy_options::overwrite_existing);
    return folder_.path() + "/kept";
  }

  /// Opens it as `serve` does and as `check` does, twice each.
  void expect_refused(const std::string& because) const {
    const auto before = listing();
    for (const IfAbsent if_absent :
         {IfAbsent::create, IfAbsent::refuse, IfAbsent::create, IfAbsent::refuse}) {
      const auto opened = open(if_absent);
      ASSERT_FALSE(opened) << because;
      EXPECT_EQ(opened.error().kind, ErrorKind::corrupt);
      EXPECT_NE(opened.error().text.find(because), std::string::npos) << opened.error().text;
      EXPECT_NE(opened.error().text.find("When a store is refused"), std::string::npos);
    }
    EXPECT_EQ(listing(), before) << because;
  }

  void expect_refused_without(const std::string& name, const std::string& because) {
    const std::string kept = keep(name);
    fs::remove(path(name));
    expect_refused(because);
    fs::copy_file(kept, path(name));
    expect_everything_there();
  }
  void expect_refused_cut(const std::string& name, std::uintmax_t size,
                          const std::string& because) {
    const std::string kept = keep(name);
    fs::resize_file(path(name), size);
    expect_refused(because);
    fs::copy_file(kept, path(name), fs::copy_options::overwrite_existing);
    expect_everything_there();
  }

  TempFolder folder_;
};

TEST_F(OpenCheck, WithoutCurrentNothingIsMadeAndNothingIsLost) {
  ASSERT_NO_FATAL_FAILURE(make_store());
  expect_refused_without("CURRENT", "CURRENT is missing");
}

TEST_F(OpenCheck, WhatTheErrorSaysOfCurrentIsEnoughToWriteIt) {
  ASSERT_NO_FATAL_FAILURE(make_store());
  fs::remove(path("CURRENT"));
  const auto opened = open(IfAbsent::create);
  ASSERT_FALSE(opened);
  const std::string manifest = names("MANIFEST-").back();
  EXPECT_NE(opened.error().text.find(manifest), std::string::npos) << opened.error().text;
  std::ofstream(path("CURRENT")) << manifest << '\n';
  expect_everything_there();
}

TEST_F(OpenCheck, ADamagedCurrentIsRefused) {
  ASSERT_NO_FATAL_FAILURE(make_store());
  expect_refused_cut("CURRENT", 0, "CURRENT is damaged");
  expect_refused_cut("CURRENT", 5, "CURRENT is damaged");
  expect_refused_cut("CURRENT", fs::file_size(path("CURRENT")) - 1, "CURRENT is damaged");
}

TEST_F(OpenCheck, WithoutItsManifestAStoreIsRefused) {
  ASSERT_NO_FATAL_FAILURE(make_store());
  const std::string manifest = names("MANIFEST-").back();
  expect_refused_without(manifest, manifest);
}

TEST_F(OpenCheck, AManifestCutShortIsRefused) {
  ASSERT_NO_FATAL_FAILURE(make_store());
  // Each opening creates a new one.
  expect_refused_cut(names("MANIFEST-").back(), 0, "MANIFEST");
  expect_refused_cut(names("MANIFEST-").back(), 60, "MANIFEST");
}

TEST_F(OpenCheck, EveryTableHasToBeThereAndWhole) {
  ASSERT_NO_FATAL_FAILURE(make_store());
  const std::string first = names(".sst").front();
  const std::string last = names(".sst").back();
  ASSERT_NE(first, last);
  expect_refused_without(first, first + " is missing");
  expect_refused_cut(last, 100, last + " has 100 octets instead of");
}

TEST_F(OpenCheck, EveryBlobFileHasToBeThereAndWhole) {
  ASSERT_NO_FATAL_FAILURE(make_store());
  const std::string first = names(".blob").front();
  const std::string last = names(".blob").back();
  ASSERT_NE(first, last);
  expect_refused_without(first, first + " is missing");
  expect_refused_cut(last, 5000, last + " has 5000 octets instead of");
}

TEST_F(OpenCheck, NothingIsMadeWhereNoStoreIsUnlessAskedFor) {
  auto opened = open(IfAbsent::refuse);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, ErrorKind::not_found);
  EXPECT_FALSE(fs::exists(path()));
  fs::create_directory(path());
  for (const char* name : {"LOG", "LOG.old.17", "LOCK", "lost+found"}) std::ofstream(path(name));
  const auto before = listing();
  opened = open(IfAbsent::refuse);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, ErrorKind::not_found);
  EXPECT_EQ(listing(), before);
  ASSERT_NO_FATAL_FAILURE(make_store());
  expect_everything_there();
}

TEST_F(OpenCheck, AMakingThatWasBrokenOffIsDoneAgain) {
  fs::create_directory(path());
  std::ofstream(path("IDENTITY")) << "1234";
  std::ofstream(path("MANIFEST-000001")) << "half";
  ASSERT_NO_FATAL_FAILURE(make_store());
  expect_everything_there();
}

/// Makes a store with RocksDB that has only some of our families.
void make_part_of_a_store(const std::string& path, bool with_data) {
  rocksdb::Options options;
  options.create_if_missing = true;
  rocksdb::DB* raw = nullptr;
  ASSERT_TRUE(rocksdb::DB::Open(options, path, &raw).ok());
  const std::unique_ptr<rocksdb::DB> db(raw);
  if (!with_data) return;
  EXPECT_TRUE(db->Put({}, "key", "value").ok());
  EXPECT_TRUE(db->Flush({}).ok());
}

TEST_F(OpenCheck, AManifestWithoutAllFamiliesIsIncomplete) {
  make_part_of_a_store(path(), true);
  expect_refused("MANIFEST is not complete");
}

TEST_F(OpenCheck, AStoreWithoutDataWhoseMakingWasBrokenOffIsMade) {
  make_part_of_a_store(path(), false);
  const auto opened = open(IfAbsent::refuse);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, ErrorKind::not_found);
  ASSERT_NO_FATAL_FAILURE(make_store());
  expect_everything_there();
}

}  // namespace
}  // namespace posthorn::engine
