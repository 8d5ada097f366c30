#include "engine/cluster/cluster.h"

#include <atomic>
#include <random>
#include <set>
#include <thread>

#include "engine/conformance_fixture.h"

namespace posthorn::engine {
namespace {

using namespace conformance;

TEST(Cluster, NodesSeeAndHearOfEachOthersCommits) {
  Cluster cluster({});
  const auto one = cluster.make_node();
  const auto two = cluster.make_node();
  std::promise<PartitionVersion> heard;
  two->listen([&](const Bell& bell) { heard.set_value(bell.version); });
  ASSERT_EQ(said(commit(*one, change(partition(1), 0, {put("a", "1")}, 5))), "5");
  EXPECT_EQ(heard.get_future().get(), (PartitionVersion{Seq{5}, 1, 0}));
  two->listen(nullptr);
  EXPECT_EQ(row(*two, partition(1), "a"), "1");
  EXPECT_EQ(all_of(async::wait(two->version(partition(1)))), "5 1 0");
  // Of the same tail, and yet outdated.
  EXPECT_EQ(all_of(commit(*one, change(partition(1), 1, {put("a", "2")}, 0))), "5 2 2");
  EXPECT_EQ(said(commit(*two, change(partition(1), 1, {put("a", "3")}))), "<conflict 2>");
  one->close();
  EXPECT_EQ(said(commit(*two, change(partition(1), 2, {put("a", "3")}))), "6");
}

/// Whatever becomes of requests and answers: what was acknowledged is stored, and what failed never
/// is, however late.
TEST(Cluster, EveryAnswerIsTrue) {
  Cluster cluster({.seed = 3,
                   .longest_delay = std::chrono::microseconds(100),
                   .patience = std::chrono::microseconds(600),
                   .lost_requests = 60,
                   .lost_answers = 60,
                   .late_requests = 60,
                   .lost_bells = 500});
  const auto p = partition(1);
  std::vector<std::set<std::string>> acknowledged(3);
  std::vector<std::thread> threads;
  for (std::size_t n = 0; n < acknowledged.size(); ++n) {
    threads.emplace_back([&, n] {
      const auto node = cluster.make_node();
      for (int i = 0; i < 120; ++i) {
        auto version = async::wait(node->version(p));
        ASSERT_TRUE(version);
        // A chain of three, each computed from the one before.
        std::vector<std::pair<std::string, std::future<Result<PartitionVersion>>>> chain;
        for (int k = 0; k < 3; ++k) {
          const std::string key = fmt::format("{}-{}-{}", n, i, k);
          chain.emplace_back(key, start(*node, {p, *version, 1, {put(key, "")}, {}}));
          version = version->after(1);
        }
        for (auto& [key, outcome] : chain)
          if (outcome.get()) acknowledged[n].insert(key);
      }
      node->close();
    });
  }
  for (std::thread& thread : threads) thread.join();
  cluster.calm_down();
  std::this_thread::sleep_for(std::chrono::milliseconds(20));  // For those that are late.
  std::set<std::string> expected;
  for (const auto& keys : acknowledged) expected.insert(keys.begin(), keys.end());
  const auto node = cluster.make_node();
  const auto scanned = async::wait(node->scan(p, "", "", 10'000));
  ASSERT_TRUE(scanned);
  std::set<std::string> stored;
  for (const Row& row : scanned->rows) stored.insert(row.key);
  EXPECT_EQ(stored, expected);
  EXPECT_EQ(scanned->version.tail.value, expected.size());
  const Cluster::Counts counts = cluster.counts();
  EXPECT_GT(counts.conflicts, 10U);
  EXPECT_GT(counts.applied, 3U) << "of those that were given up";
  EXPECT_GT(counts.unanswered, counts.applied + 3U);
}

}  // namespace
}  // namespace posthorn::engine
