#include "app/keys/srs_keys.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "base/clock.h"

namespace posthorn::app {
namespace {

using std::chrono::days;

class SrsKeysTest : public testing::Test {
 protected:
  SrsKeysTest() : folder_(std::filesystem::temp_directory_path() / "posthorn-srs-XXXXXX") {
    std::string name = folder_.string();
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  ~SrsKeysTest() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<SrsKeyFile> open() {
    auto file = SrsKeyFile::open(folder_.string(), clock_);
    EXPECT_TRUE(file);
    return file ? std::move(*file) : nullptr;
  }

  std::filesystem::path folder_;
  ManualClock clock_{1'700'000'000};
};

TEST_F(SrsKeysTest, AreKept) {
  const auto first = open()->current()->newest_first;
  ASSERT_EQ(first.size(), 1U);
  EXPECT_EQ(first.front().size(), 32U);
  EXPECT_EQ(open()->current()->newest_first, first);
  const auto status = std::filesystem::status(folder_ / "srs-keys");
  EXPECT_EQ(status.permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST_F(SrsKeysTest, OldOnesAreAcceptedAsLongAsTheyAreNeeded) {
  auto file = open();
  const std::string first = file->current()->newest_first.front();
  clock_.advance(days(100));
  ASSERT_TRUE(file->rotate(SrsKeyFile::Old::keep));
  const auto two = file->current()->newest_first;
  ASSERT_EQ(two.size(), 2U);
  EXPECT_EQ(two[1], first);
  EXPECT_NE(two[0], first);
  EXPECT_EQ(open()->current()->newest_first, two);
  // The first was used until 21 days ago, the second until now.
  clock_.advance(days(21));
  ASSERT_TRUE(file->rotate(SrsKeyFile::Old::keep));
  EXPECT_EQ(file->current()->newest_first.size(), 3U);
  clock_.advance(days(2));
  ASSERT_TRUE(file->rotate(SrsKeyFile::Old::keep));
  const auto later = file->current()->newest_first;
  EXPECT_EQ(later.size(), 3U);
  EXPECT_EQ(std::ranges::count(later, first), 0);
  ASSERT_TRUE(file->rotate(SrsKeyFile::Old::forget));
  EXPECT_EQ(file->current()->newest_first.size(), 1U);
  EXPECT_EQ(std::ranges::count(later, file->current()->newest_first.front()), 0);
}

TEST_F(SrsKeysTest, AreNotEndless) {
  auto file = open();
  Status rotated;
  int made = 0;
  for (; rotated && made < 100; ++made) rotated = file->rotate(SrsKeyFile::Old::keep);
  EXPECT_EQ(rotated.error().kind, ErrorKind::limit);
  EXPECT_EQ(file->current()->newest_first.size(), 20U);
  EXPECT_EQ(open()->current()->newest_first, file->current()->newest_first);
}

TEST_F(SrsKeysTest, AFileThatIsDamagedIsNotReplaced) {
  for (const std::string text : {"", "1700000000 short\n", "nonsense\n"}) {
    std::ofstream(folder_ / "srs-keys") << text;
    EXPECT_EQ(SrsKeyFile::open(folder_.string(), clock_).error().kind, ErrorKind::corrupt) << text;
  }
}

}  // namespace
}  // namespace posthorn::app
