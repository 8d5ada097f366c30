#include "engine/rocksdb/salvage/table_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "engine/conformance_fixture.h"
#include "engine/rocksdb/salvage/merge.h"
#include "engine/rocksdb/salvage/test_table.h"

namespace posthorn::engine::rocks {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

/// A block with one entry.
std::string block_with(std::string_view key, std::string_view value = "value") {
  return test::with_trailer(test::block_of(test::entry(test::stored_key(key, 7), value)));
}

class TableFileTest : public testing::Test {
 protected:
  std::unique_ptr<TableFile> open(const std::string& octets,
                                  std::uint64_t steps = BlockSearch::kSteps) {
    const std::string path = folder_.path() + "/000001.sst";
    std::ofstream(path, std::ios::binary | std::ios::trunc) << octets;
    auto table = TableFile::open(path, TableFamily{1, "rows"}, steps);
    EXPECT_TRUE(table);
    return std::move(*table);
  }
  static std::vector<std::string> keys_of(TableFile& table) {
    std::vector<std::string> keys;
    while (table.next()) keys.emplace_back(table.key());
    return keys;
  }

  const conformance::TempFolder folder_;
};

TEST_F(TableFileTest, AnIndexLeadsToTheBlocks) {
  const std::string a = block_with("a");
  const std::string b = block_with("b");
  const auto table = open(test::table_of(a + b, test::index_of({a.size() - 5, b.size() - 5})));
  EXPECT_THAT(keys_of(*table), ElementsAre("a", "b"));
  EXPECT_THAT(table->lost(), IsEmpty());
}

TEST_F(TableFileTest, WithoutIndexLongDamageCostsOnlyWhatItHit) {
  std::string garbage;
  for (std::uint32_t i = 0; garbage.size() < 1'200'000; ++i)
    garbage.push_back(static_cast<char>(i * 2'654'435'761U >> 24U));
  const auto table = open(test::table_of(block_with("a") + garbage + block_with("b"), "lost"));
  EXPECT_THAT(keys_of(*table), ElementsAre("a", "b"));
  ASSERT_THAT(table->lost(), SizeIs(1));
  EXPECT_EQ(table->lost()[0].after, "a");
  EXPECT_EQ(table->lost()[0].before, "b");
  EXPECT_EQ(table->given_up(), 0U);
}

TEST_F(TableFileTest, TheSearchForBlocksIsBounded) {
  // A block may begin at every other octet, and end at as many.
  std::string hostile;
  while (hostile.size() < 3'000'000) hostile += std::string("\0\x08", 2);
  const auto table =
      open(test::table_of(block_with("a") + hostile + block_with("b"), "lost"), 50'000'000);
  EXPECT_THAT(keys_of(*table), ElementsAre("a"));
  EXPECT_GT(table->given_up(), 2'000'000U);
  EXPECT_LT(table->given_up(), hostile.size() + 100);
  ASSERT_THAT(table->lost(), SizeIs(1));
  EXPECT_EQ(table->lost()[0].before, "");
}

TEST_F(TableFileTest, LengthsThatLieCostTheirBlock) {
  const std::string key = test::stored_key("x", 7);
  const auto count = [](std::uint32_t n) {
    std::string out;
    put_little_endian(out, n);
    return out;
  };
  for (const std::string& lie :
       {test::entry(key, "v") + count(0x7fffffff), test::entry(key, "v") + count(0xffffffff),
        std::string("\0\xff\xff\xff\xff\x0f\1", 7) + key + count(0),
        std::string("\5\1\1", 3) + key + count(0), std::string("\0\1\1xv", 5) + count(0),
        std::string("\xff\xff\xff\xff\xff\xff\xff\xff\xff\1\1\1", 12) + count(0), count(0),
        std::string("x")}) {
    const std::string a = block_with("a");
    const std::string bad = test::with_trailer(lie);
    const std::string b = block_with("b");
    const auto table = open(
        test::table_of(a + bad + b, test::index_of({a.size() - 5, bad.size() - 5, b.size() - 5})));
    EXPECT_THAT(keys_of(*table), ElementsAre("a", "b"));
    const bool empty = lie == count(0);  // Nothing is in it, so nothing is lost.
    EXPECT_THAT(table->lost(), SizeIs(empty ? 0 : 1)) << lie.size();
  }
}

TEST_F(TableFileTest, PackedBlocksThatLieAreDamaged) {
  for (const std::string& lie :
       {std::string("\xff\xff\xff\xff\xff\xff\xff\xff\x7f\x10\0", 11), std::string("\x80", 1),
        std::string("\xff\xff\xff\x1f\x1f\0", 6), std::string("\4\x10\0", 3)}) {
    std::string octets = lie;
    octets.push_back(4);
    const auto sum = static_cast<std::uint32_t>(checksum(lie)) ^ 4 * 0x6b9083d9U;
    put_little_endian(octets, sum);
    ASSERT_TRUE(is_block(octets));
    EXPECT_FALSE(unpack_block(octets));
    const auto table = open(test::table_of(octets, test::index_of({lie.size()})));
    EXPECT_THAT(keys_of(*table), IsEmpty());
    EXPECT_THAT(table->lost(), SizeIs(1));
  }
}

TEST_F(TableFileTest, AnIndexThatLiesIsNotFollowed) {
  const std::string a = block_with("a");
  for (const std::vector<std::uint64_t>& lengths :
       {std::vector<std::uint64_t>{a.size() - 5, 1UL << 62U}, {0, 0, 0}, {UINT64_MAX, 1}}) {
    const auto table = open(test::table_of(a, test::index_of(lengths)));
    EXPECT_THAT(keys_of(*table), ElementsAre("a"));
  }
}

TEST_F(TableFileTest, EveryTruncationEnds) {
  const std::string a = block_with("a");
  const std::string whole = test::table_of(a, test::index_of({a.size() - 5}));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto table = open(whole.substr(0, size));
    const auto keys = keys_of(*table);
    EXPECT_LE(keys.size(), 1U);
    if (keys.empty() && size > 0) EXPECT_THAT(table->lost(), SizeIs(1)) << size;
  }
}

TEST_F(TableFileTest, OfVeryManyVersionsTheNewestCounts) {
  std::string entries;
  constexpr std::uint64_t kVersions = 10'000;
  for (std::uint64_t n = kVersions; n > 0; --n)
    entries += test::entry(test::stored_key("a", n), std::to_string(n));
  const std::string block = test::with_trailer(test::block_of(entries));
  std::vector<std::unique_ptr<TableFile>> tables;
  tables.push_back(open(test::table_of(block, test::index_of({block.size() - 5}))));
  Merge merge(folder_.path(), std::move(tables), nullptr);
  std::vector<std::string> values;
  ASSERT_TRUE(merge.run([&](std::string_view, std::string value) {
    values.push_back(std::move(value));
    return Status();
  }));
  EXPECT_THAT(values, ElementsAre(std::to_string(kVersions)));
}

TEST(BlockSearch, FindsTheLengthOfABlock) {
  const std::string block = block_with("key", std::string(5000, 'v'));
  EXPECT_TRUE(BlockSearch::may_begin(block));
  BlockSearch search;
  EXPECT_EQ(search.length_at(block + "more", 10'000), block.size() - kBlockTrailer);
  EXPECT_EQ(search.length_at(block.substr(0, block.size() - 1), 10'000), 0U);
  EXPECT_EQ(search.length_at(block, block.size() - kBlockTrailer - 1), 0U);
  EXPECT_FALSE(search.exhausted());
  BlockSearch tired(1000);
  EXPECT_EQ(tired.length_at(block, 10'000), 0U);
  EXPECT_TRUE(tired.exhausted());
  for (const std::string_view no : {"", "x", "\1\x08", "\x05\x20"})
    EXPECT_FALSE(BlockSearch::may_begin(no));
}

}  // namespace
}  // namespace posthorn::engine::rocks
