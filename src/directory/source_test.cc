#include "directory/source.h"

#include <gtest/gtest.h>

#include "async/run.h"
#include "directory/test_fake_link.h"

namespace posthorn::directory {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class SourceTest : public testing::Test {
 protected:
  SourceTest() { people_->set("ann@example.org", {.password = "secret"}); }
  void make(SourceOptions options) {
    options.name = "work";
    source_ = std::make_unique<Source>(
        std::move(options), [people = people_] { return std::make_unique<FakeLink>(people); },
        clock_);
  }
  Result<EntryPtr> find(std::string name, Age age = Age::recent) {
    return async::run_blocking(source_->find_user(std::move(name), age));
  }
  Result<bool> verify(std::string_view password) {
    auto entry = find("ann@example.org");
    if (!entry) return pass(entry);
    return async::run_blocking(
        source_->verify(*entry, std::make_shared<const auth::Secret>(password)));
  }

  ManualClock clock_{1'000'000};
  const std::shared_ptr<FakePeople> people_ = std::make_shared<FakePeople>();
  std::unique_ptr<Source> source_;
};

TEST_F(SourceTest, TellsUnknownFromUnavailable) {
  make({.cache_time = seconds(0), .negative_cache_time = seconds(0)});
  EXPECT_EQ((*find("ann@example.org"))->name, "ann@example.org");
  EXPECT_EQ(*find("eve@example.org"), nullptr);
  EXPECT_TRUE(*verify("secret"));
  EXPECT_FALSE(*verify("wrong"));
  people_->set_down(true);
  EXPECT_EQ(find("ann@example.org").error().kind, ErrorKind::unavailable);
  EXPECT_EQ(find("eve@example.org").error().kind, ErrorKind::unavailable);
}

TEST_F(SourceTest, AnEmptyPasswordIsNotEvenAskedFor) {
  make({});
  people_->set("ann@example.org", {.password = ""});
  EXPECT_FALSE(*verify(""));
  const MutexLock lock(people_->mutex);
  EXPECT_EQ(people_->verified, 0);
}

TEST_F(SourceTest, ConnectsAgainAfterARestart) {
  make({.cache_time = seconds(0)});
  EXPECT_TRUE(find("ann@example.org"));
  // The connection is lost, and the directory is there again.
  people_->set_down(true);
  EXPECT_FALSE(find("ann@example.org"));
  people_->set_down(false);
  EXPECT_TRUE(find("ann@example.org"));
}

TEST_F(SourceTest, RestsAfterTwoFailures) {
  make({});
  people_->set_down(true);
  EXPECT_FALSE(find("ann@example.org"));
  EXPECT_FALSE(find("ann@example.org"));
  const int before = people_->questions();
  EXPECT_EQ(find("ann@example.org").error().kind, ErrorKind::unavailable);
  EXPECT_EQ(people_->questions(), before);
  // Whoever asks for it is not kept waiting.
  people_->set_down(false);
  source_->forget("ann@example.org");
  EXPECT_TRUE(find("ann@example.org"));
}

TEST_F(SourceTest, RemembersAnswersForATime) {
  make({.cache_time = seconds(100), .negative_cache_time = seconds(10)});
  EXPECT_EQ(find("ann@example.org", Age::remembered).error().kind, ErrorKind::would_block);
  EXPECT_TRUE(find("ann@example.org"));
  EXPECT_TRUE(find("eve@example.org"));
  EXPECT_EQ(people_->questions(), 2);
  EXPECT_TRUE(*find("ann@example.org", Age::remembered));
  EXPECT_EQ(*find("eve@example.org"), nullptr);
  EXPECT_EQ(people_->questions(), 2);
  clock_.advance(seconds(11));
  EXPECT_TRUE(find("ann@example.org"));
  EXPECT_TRUE(find("eve@example.org"));
  EXPECT_EQ(people_->questions(), 3);
  // What is remembered counts while the directory is down, and no longer.
  people_->set_down(true);
  EXPECT_TRUE(find("ann@example.org"));
  EXPECT_FALSE(find("ann@example.org", Age::now));
  clock_.advance(seconds(100));
  EXPECT_FALSE(find("ann@example.org"));
}

TEST_F(SourceTest, ForgetsANameAndWhoeverHasIt) {
  make({.has_aliases = true});
  people_->set("a@example.org", {.password = "x", .name = "ann@example.org"});
  {
    const MutexLock lock(people_->mutex);
    people_->aliases["sales@example.org"] = {"ann@example.org"};
  }
  EXPECT_TRUE(find("a@example.org"));
  EXPECT_TRUE(find("ann@example.org"));
  EXPECT_TRUE(async::run_blocking(source_->find_alias("sales@example.org", Age::recent)));
  source_->forget("ann@example.org");
  EXPECT_FALSE(find("a@example.org", Age::remembered));
  EXPECT_FALSE(find("ann@example.org", Age::remembered));
  EXPECT_FALSE(async::run_blocking(source_->find_alias("sales@example.org", Age::remembered)));
}

TEST_F(SourceTest, RemembersABoundedNumberOfAnswers) {
  make({.cache_entries = 3});
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(find(fmt::format("u{}@example.org", i)));
  EXPECT_FALSE(find("u6@example.org", Age::remembered));
  EXPECT_TRUE(find("u7@example.org", Age::remembered));
}

TEST_F(SourceTest, ABadEntryIsAFailureForThatUserOnly) {
  make({.cache_time = seconds(0)});
  people_->set("bad@example.org", {.is_malformed = true});
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(find("bad@example.org").error().kind, ErrorKind::unavailable);
  EXPECT_TRUE(find("ann@example.org"));
  EXPECT_EQ(source_->numbers().bad_entries.value(), 3U);
  EXPECT_EQ(source_->numbers().unavailable.value(), 0U);
}

TEST_F(SourceTest, NobodyWaitsLongerThanTheTimeLimit) {
  make({.timeout = milliseconds(50), .connections = 1});
  {
    const MutexLock lock(people_->mutex);
    people_->delay = milliseconds(400);
  }
  const auto began = std::chrono::steady_clock::now();
  EXPECT_EQ(find("ann@example.org").error().kind, ErrorKind::unavailable);
  EXPECT_LT(std::chrono::steady_clock::now() - began, milliseconds(350));
  {
    const MutexLock lock(people_->mutex);
    people_->delay = milliseconds(0);
  }
  // The answer came all the same, and is remembered.
  for (int i = 0; i < 200 && !find("ann@example.org", Age::remembered); ++i)
    std::this_thread::sleep_for(milliseconds(10));
  EXPECT_TRUE(find("ann@example.org", Age::remembered));
}

TEST_F(SourceTest, AnUnknownNameTakesAsLongAsAPassword) {
  make({});
  {
    const MutexLock lock(people_->mutex);
    people_->delay = milliseconds(30);
  }
  EXPECT_FALSE(*verify("wrong"));
  const auto began = std::chrono::steady_clock::now();
  async::run_blocking(source_->take_as_long());
  EXPECT_GE(std::chrono::steady_clock::now() - began, milliseconds(25));
}

}  // namespace
}  // namespace posthorn::directory
