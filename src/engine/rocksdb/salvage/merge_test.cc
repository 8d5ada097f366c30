#include "engine/rocksdb/salvage/merge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "engine/conformance_fixture.h"
#include "engine/rocksdb/salvage/test_table.h"

namespace posthorn::engine::rocks {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

constexpr std::uint8_t kRemoval = 0;
constexpr std::uint8_t kValue = 1;
constexpr std::uint8_t kBlob = 0x11;

class MergeTest : public testing::Test {
 protected:
  using Values = std::vector<std::pair<std::string, std::string>>;

  /// A table with these entries, in order.
  void add(const std::string& entries) {
    const std::string block = test::with_trailer(test::block_of(entries));
    const std::string path = fmt::format("{}/{:06}.sst", folder_.path(), ++tables_made_);
    std::ofstream(path, std::ios::binary)
        << test::table_of(block, test::index_of({block.size() - kBlockTrailer}));
    auto table = TableFile::open(path);
    ASSERT_TRUE(table) << table.error().text;
    tables_.push_back(std::move(*table));
  }
  static std::string entry(std::string_view key, std::uint64_t sequence, std::uint8_t kind,
                           std::string_view value = {}) {
    return test::entry(test::stored_key(key, sequence, kind), value);
  }
  /// A place in the blob file with this number, which does not exist.
  static std::string place(char number) { return {1, number, 100, 5, 0}; }

  Result<Values> merge(const std::map<std::string, KeyVersion>* logged = nullptr) {
    Merge merge(folder_.path(), std::exchange(tables_, {}), logged);
    Values values;
    Status done = merge.run([&](std::string_view key, std::string value) {
      values.emplace_back(key, std::move(value));
      return Status();
    });
    unreadable_ = merge.unreadable().size();
    if (!done) return pass(done);
    return values;
  }

  const conformance::TempFolder folder_;
  std::vector<std::unique_ptr<TableFile>> tables_;
  int tables_made_ = 0;
  std::size_t unreadable_ = 0;
};

TEST_F(MergeTest, TheNewestVersionCountsWhereverItIs) {
  for (const bool old_first : {true, false}) {
    add(entry("a", old_first ? 5 : 9, kValue, old_first ? "old" : "new"));
    add(entry("a", old_first ? 9 : 5, kValue, old_first ? "new" : "old"));
    EXPECT_THAT(*merge(), ElementsAre(Pair("a", "new")));
  }
  for (const std::uint64_t logged : {7, 11}) {
    add(entry("a", 9, kValue, "table") + entry("b", 1, kValue, "other"));
    const std::map<std::string, KeyVersion> log = {{"a", {logged, 0, EntryKind::value, "log"}},
                                                   {"c", {3, 0, EntryKind::value, "only"}}};
    EXPECT_THAT(*merge(&log), ElementsAre(Pair("a", logged > 9 ? "log" : "table"),
                                          Pair("b", "other"), Pair("c", "only")));
  }
}

TEST_F(MergeTest, OfTwoOldestVersionsTheNewerTableCounts) {
  add(entry("a", 0, kValue, "first"));
  add(entry("a", 0, kValue, "second"));
  EXPECT_THAT(*merge(), ElementsAre(Pair("a", "second")));
}

TEST_F(MergeTest, WhatWasRemovedStaysRemoved) {
  add(entry("a", 9, kRemoval) + entry("b", 2, kValue, "there"));
  add(entry("a", 5, kValue, "old") + entry("b", 1, kRemoval));
  EXPECT_THAT(*merge(), ElementsAre(Pair("b", "there")));
}

TEST_F(MergeTest, AnOlderVersionStandsInForABlobThatIsGone) {
  add(entry("a", 9, kBlob, place(5)) + entry("b", 9, kBlob, place(5)));
  add(entry("a", 5, kValue, "old"));
  EXPECT_THAT(*merge(), ElementsAre(Pair("a", "old")));
  EXPECT_EQ(unreadable_, 1U);
}

TEST_F(MergeTest, ABlobFileThatMustNotBeOpenedIsAnError) {
  const std::filesystem::path blob = folder_.path() + "/000005.blob";
  std::filesystem::create_symlink(blob, blob);  // Leads to itself.
  add(entry("a", 9, kBlob, place(5)));
  const auto merged = merge();
  ASSERT_FALSE(merged);
  EXPECT_EQ(merged.error().kind, ErrorKind::io);
}

}  // namespace
}  // namespace posthorn::engine::rocks
