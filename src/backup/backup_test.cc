#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "async/wait.h"
#include "backup/prune.h"
#include "backup/take.h"
#include "backup/unpack.h"

namespace posthorn::backup {
namespace {

namespace fs = std::filesystem;

class BackupTest : public testing::Test {
 protected:
  BackupTest() {
    std::string name = (fs::temp_directory_path() / "posthorn-backup-XXXXXX").string();
    EXPECT_TRUE(mkdtemp(name.data()));
    folder_ = name;
    write("a.sst", "first");
    write("deep/b.blob", "second");
  }
  ~BackupTest() override { fs::remove_all(folder_); }

  [[nodiscard]] std::string at(const std::string& name) const { return folder_ + "/" + name; }
  [[nodiscard]] std::string backups() const { return at("backups"); }
  void write(const std::string& name, const std::string& content) const {
    const fs::path path = at("data/" + name);
    fs::create_directories(path.parent_path());
    fs::remove(path);  // Another file, not the same one changed.
    std::ofstream(path, std::ios::binary) << content;
  }
  static std::string read(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  /// Backs the folder up; `portions` bounds what may be read before it is interrupted.
  Result<Manifest> take_at(std::int64_t when, int portions = 1000) {
    auto repository = Repository::open_to_write(backups());
    if (!repository) return pass(repository);
    auto sources = sources_below(
        at("data"), {.prefix = "store", .changes = changes_, .skip = [](std::string_view path) {
                       return path == "left-out" || path.ends_with(".sock");
                     }});
    if (!sources) return pass(sources);
    read_ = 0;
    const auto count = [this, portions]() -> async::Task<Status> { return stop_after(portions); };
    return async::wait(take(*repository, std::move(*sources),
                            {.taken = when, .source = "x", .version = "1", .between = count}));
  }
  async::Task<Status> stop_after(int portions) {
    if (grow_while_read_ && read_ == 0) {
      std::ofstream(at("data/a.sst"), std::ios::app) << "more";
      fs::remove(at("data/deep/b.blob"));
    }
    if (++read_ > portions) co_return fail(ErrorKind::closed, "interrupted");
    co_return Status();
  }
  Repository reading() {
    auto repository = Repository::open_to_read(backups());
    EXPECT_TRUE(repository);
    return std::move(*repository);
  }

  std::string folder_;
  int read_ = 0;
  Changes changes_ = Changes::never;
  bool grow_while_read_ = false;
};

TEST_F(BackupTest, WhatIsUnpackedIsWhatWasSaved) {
  write("left-out/c", "not saved");
  write("x.sock", "not saved");
  const auto taken = take_at(1'790'000'000);
  ASSERT_TRUE(taken) << taken.error().text;
  EXPECT_EQ(taken->name, name_for(1'790'000'000));
  EXPECT_EQ(taken->octets(), 11U);
  EXPECT_EQ(taken->copied, 11U);
  const Repository repository = reading();
  const auto loaded = repository.choose({});
  ASSERT_TRUE(loaded) << loaded.error().text;
  ASSERT_EQ(loaded->files.size(), 2U);
  ASSERT_TRUE(unpack(repository, *loaded, {"store/", at("new")}));
  EXPECT_EQ(read(at("new/a.sst")), "first");
  EXPECT_EQ(read(at("new/deep/b.blob")), "second");
  EXPECT_EQ(fs::status(at("new/a.sst")).permissions(),
            fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_EQ(unpack(repository, *loaded, {"store/", at("new")}).error().kind,
            ErrorKind::already_exists);
}

TEST_F(BackupTest, OnlyWhatIsNewIsReadAndCopied) {
  ASSERT_TRUE(take_at(1'790'000'000));
  write("new.sst", "a third one");
  write("same.sst", "first");
  const auto second = take_at(1'790'000'001);
  ASSERT_TRUE(second);
  EXPECT_EQ(read_, 2) << "what has not changed was read";
  EXPECT_EQ(second->copied, 11U) << "equal content was kept twice";
  EXPECT_EQ(second->octets(), 27U);
  // The same name and length, another file.
  write("a.sst", "tsrif");
  const auto third = take_at(1'790'000'002);
  ASSERT_TRUE(third);
  const Repository repository = reading();
  ASSERT_TRUE(unpack(repository, *third, {"store/", at("new")}));
  EXPECT_EQ(read(at("new/a.sst")), "tsrif");
  ASSERT_TRUE(unpack(repository, *repository.load(second->name), {"store/", at("old")}));
  EXPECT_EQ(read(at("old/a.sst")), "first");
}

TEST_F(BackupTest, AnInterruptedOneIsNoneAndServesTheNext) {
  EXPECT_FALSE(take_at(1'790'000'000, 1));
  EXPECT_EQ(reading().choose({}).error().kind, ErrorKind::not_found);
  EXPECT_FALSE(take_at(1'790'000'001, 0));
  const auto done = take_at(1'790'000'002);
  ASSERT_TRUE(done);
  EXPECT_EQ(read_, 1) << "what the first had copied was read again";
  const Repository repository = reading();
  EXPECT_EQ(repository.names()->size(), 1U);
  std::vector<std::string> verified;
  EXPECT_THAT(*verify(repository, *done, verified), testing::IsEmpty());
  EXPECT_FALSE(fs::exists(repository.unfinished_path()));
}

TEST_F(BackupTest, AFileThatChangesIsSavedAsItWasReadOnlyIfItMay) {
  grow_while_read_ = true;
  EXPECT_EQ(take_at(1'790'000'000).error().kind, ErrorKind::io);
  write("a.sst", "first");
  write("deep/b.blob", "second");
  changes_ = Changes::perhaps;
  const auto taken = take_at(1'790'000'001);
  ASSERT_TRUE(taken) << taken.error().text;
  ASSERT_EQ(taken->files.size(), 1U) << "one has vanished";
  const Repository repository = reading();
  ASSERT_TRUE(unpack(repository, *taken, {"store/", at("new")}));
  EXPECT_EQ(read(at("new/a.sst")), "first");
}

TEST_F(BackupTest, DamageIsNamed) {
  const auto taken = take_at(1'790'000'000);
  ASSERT_TRUE(taken);
  const Repository repository = reading();
  fs::resize_file(repository.content_path(taken->files[0].sha256), 4);
  fs::remove(repository.content_path(taken->files[1].sha256));
  std::vector<std::string> verified;
  const auto found = verify(repository, *taken, verified);
  ASSERT_TRUE(found);
  EXPECT_THAT(*found, testing::ElementsAre(testing::HasSubstr("store/a.sst"),
                                           testing::HasSubstr("is missing")));
  const Status unpacked = unpack(repository, *taken, {"store/", at("new")});
  ASSERT_FALSE(unpacked);
  EXPECT_EQ(unpacked.error().kind, ErrorKind::corrupt);
}

TEST_F(BackupTest, ALostContentIsCopiedAgain) {
  const auto taken = take_at(1'790'000'000);
  ASSERT_TRUE(taken);
  fs::remove(reading().content_path(taken->files[0].sha256));
  const auto again = take_at(1'790'000'001);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->copied, 5U);
  std::vector<std::string> verified;
  EXPECT_THAT(*verify(reading(), *again, verified), testing::IsEmpty());
}

TEST_F(BackupTest, PruningKeepsWhatOthersNeed) {
  const auto first = take_at(1'790'000'000);
  write("a.sst", "changed");
  const auto second = take_at(1'790'000'001);
  ASSERT_TRUE(first && second);
  const auto repository = Repository::open_to_write(backups());
  ASSERT_TRUE(repository);
  const auto pruned = remove_backups(*repository, {first->name});
  ASSERT_TRUE(pruned);
  EXPECT_EQ(pruned->contents, 1U);
  EXPECT_EQ(pruned->octets, 5U);
  EXPECT_EQ(*repository->names(), std::vector{second->name});
  std::vector<std::string> verified;
  EXPECT_THAT(*verify(*repository, *second, verified), testing::IsEmpty());
}

TEST_F(BackupTest, NothingIsPrunedWhileAListCannotBeRead) {
  const auto first = take_at(1'790'000'000);
  write("a.sst", "changed");
  const auto second = take_at(1'790'000'001);
  ASSERT_TRUE(first && second);
  const auto repository = Repository::open_to_write(backups());
  ASSERT_TRUE(repository);
  std::ofstream(repository->manifest_path(second->name), std::ios::app) << "x";
  EXPECT_FALSE(remove_backups(*repository, {first->name}));
  EXPECT_EQ(repository->names()->size(), 2U);
  EXPECT_EQ(repository->contents()->size(), 3U);
}

TEST_F(BackupTest, AFolderOfOtherFilesIsRefused) {
  auto refused = Repository::open_to_write(at("data"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::bad_argument);
  EXPECT_EQ(Repository::open_to_read(at("data")).error().kind, ErrorKind::not_found);
}

TEST_F(BackupTest, OneWriterOrSeveralReaders) {
  ASSERT_TRUE(take_at(1'790'000'000));
  const Repository one = reading();
  const Repository two = reading();
  EXPECT_EQ(Repository::open_to_write(backups()).error().kind, ErrorKind::unavailable);
}

TEST(Manifest, APathNeverLeavesItsFolder) {
  for (const char* path : {"", "/etc/passwd", "a//b", "../a", "a/../../b", "a/.", "a/", "./a"})
    EXPECT_FALSE(is_safe_path(path)) << path;
  EXPECT_TRUE(is_safe_path("store/000012.sst"));
  EXPECT_TRUE(is_safe_path("a/..b"));
  Manifest manifest{.name = name_for(0), .source = {}, .version = {}, .files = {}};
  manifest.files.push_back({"../secret", std::string(64, 'a'), {}});
  EXPECT_EQ(parse_manifest(format_manifest(manifest)).error().kind, ErrorKind::corrupt);
}

TEST(Manifest, EveryDamagedOctetIsNoticed) {
  Manifest manifest{.name = name_for(5), .taken = 5, .source = "/x", .version = "1", .files = {}};
  manifest.files.push_back({"store/a", std::string(64, 'a'), {1, 2, 3}});
  const std::string text = format_manifest(manifest);
  ASSERT_TRUE(parse_manifest(text));
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string other = text;
    other[i] = static_cast<char>(other[i] ^ 1);
    EXPECT_FALSE(parse_manifest(other)) << i;
    EXPECT_FALSE(parse_manifest(text.substr(0, i))) << i;
  }
}

TEST(Prune, KeepsTheNewestOfEachPeriod) {
  const std::vector<std::string> names = {
      "2026-10-05T010000Z", "2026-10-30T010000Z", "2026-11-23T010000Z", "2026-11-27T010000Z",
      "2026-11-28T010000Z", "2026-11-28T230000Z", "2026-11-29T010000Z"};
  const auto kept = [&](const Keep& keep) {
    std::vector<std::string> left = names;
    for (const std::string& gone : to_remove(names, keep)) std::erase(left, gone);
    std::vector<std::string> days;
    for (const std::string& name : left) days.push_back(name.substr(5, 8));
    return days;
  };
  using testing::ElementsAre;
  EXPECT_THAT(kept({}), ElementsAre("11-29T01"));
  EXPECT_THAT(kept({.last = 3}), ElementsAre("11-28T01", "11-28T23", "11-29T01"));
  EXPECT_THAT(kept({.daily = 3}), ElementsAre("11-27T01", "11-28T23", "11-29T01"));
  EXPECT_THAT(kept({.weekly = 2}), ElementsAre("10-30T01", "11-29T01"));
  EXPECT_THAT(kept({.daily = 1, .monthly = 5}), ElementsAre("10-30T01", "11-29T01"));
}

}  // namespace
}  // namespace posthorn::backup
