#include <atomic>
#include <thread>

#include "engine/conformance_fixture.h"

namespace posthorn::engine::conformance {
namespace {

using ThreadConformance = Conformance;
POSTHORN_CONFORMANCE(ThreadConformance);

/// Several writers increment one counter, and retry on conflict. No increment is lost, and readers
/// always see row and version of the same moment.
TEST_P(ThreadConformance, ContendedPartitionsCountRight) {
  constexpr int kThreads = 4;
  constexpr int kAdds = 60;
  const auto p = partition(1);
  std::atomic<bool> stop = false;
  std::thread reader([&] {
    while (!stop) {
      const auto scanned = async::wait(engine().scan(p, "", "", 9));
      ASSERT_TRUE(scanned);
      if (scanned->version == PartitionVersion{}) continue;
      ASSERT_EQ(scanned->rows.size(), 2U);
      EXPECT_EQ(scanned->rows[0].value, std::to_string(scanned->version.tail.value));
      EXPECT_EQ(scanned->rows[1].value, scanned->rows[0].value);
    }
  });
  std::vector<std::thread> writers;
  for (int t = 0; t < kThreads; ++t) {
    writers.emplace_back([&] {
      std::uint64_t tail = 0;
      for (int done = 0; done < kAdds;) {
        const std::string next = std::to_string(tail + 1);
        const auto outcome = commit(engine(), change(p, tail, {put("a", next), put("z", next)}));
        if (outcome) {
          tail = outcome->revision;
          ++done;
        } else {
          ASSERT_EQ(outcome.error().kind, ErrorKind::conflict);
          tail = std::stoull(outcome.error().text);
        }
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  stop = true;
  reader.join();
  EXPECT_EQ(row(engine(), p, "a"), std::to_string(kThreads * kAdds));
}

TEST_P(ThreadConformance, ManyPartitionsWithManyInFlight) {
  constexpr std::uint8_t kThreads = 4;
  constexpr std::uint64_t kCommits = 400;
  std::vector<std::thread> writers;
  for (std::uint8_t t = 0; t < kThreads; ++t) {
    writers.emplace_back([&, t] {
      std::vector<std::future<Result<PartitionVersion>>> waiting;
      for (std::uint64_t i = 0; i < kCommits; ++i) {
        Commit next = change(partition(t), i, {put(fmt::format("{:05}", i), "v")});
        next.carry.holds = {hold_of(piece(static_cast<std::uint8_t>(i % 7)), "shared", 1)};
        next.carry.pages = {{PageNumber{i + 1}, "page"}};
        waiting.push_back(start(engine(), std::move(next)));
      }
      for (std::uint64_t i = 0; i < kCommits; ++i)
        EXPECT_EQ(said(waiting[i].get()), std::to_string(i + 1));
    });
  }
  for (std::thread& writer : writers) writer.join();
  for (std::uint8_t t = 0; t < kThreads; ++t) {
    EXPECT_EQ(async::wait(engine().scan(partition(t), "", "", 1000))->rows.size(), kCommits);
    EXPECT_EQ(engine().pages(partition(t), PageNumber{0}, 1000)->size(), kCommits);
  }
  for (std::uint8_t n = 0; n < 7; ++n)
    EXPECT_EQ(engine().inspect(piece(n)).value()->holders.size(), kThreads);
}

/// A sweeper erases everything without holders, while deliveries hold and release the same few
/// pieces. A held piece can always be read.
TEST_P(ThreadConformance, ASweeperNeverTakesAHeldPiece) {
  std::atomic<bool> stop = false;
  std::atomic<int> erased = 0;
  std::thread sweeper([&] {
    while (!stop) {
      for (std::uint8_t n = 0; n < 3; ++n) {
        const auto found = engine().inspect(piece(n));
        ASSERT_TRUE(found);
        if (!*found || !(*found)->holders.empty()) continue;
        const auto gone = engine().erase(piece(n), (*found)->version);
        ASSERT_TRUE(gone);
        erased += *gone ? 1 : 0;
      }
    }
  });
  std::vector<std::thread> deliveries;
  for (std::uint8_t t = 1; t <= 2; ++t) {
    deliveries.emplace_back([&, t] {
      std::uint64_t tail = 0;
      for (int i = 0; i < 150; ++i) {
        const PieceName name = piece(static_cast<std::uint8_t>(i % 3));
        if (i % 2 == 0) {
          ASSERT_TRUE(engine().hold(hold_of(name, "bytes", i), partition(t)));
        } else {
          Commit uses = change(partition(t), tail, {});
          uses.carry.holds = {hold_of(name, "bytes", i)};
          const auto outcome = commit(engine(), std::move(uses));
          ASSERT_TRUE(outcome);
          tail = outcome->revision;
        }
        ASSERT_EQ(said(async::wait(engine().read_piece(name))), "bytes");
        ASSERT_TRUE(engine().unhold(name, partition(t), i));
      }
    });
  }
  for (std::thread& delivery : deliveries) delivery.join();
  for (int i = 0; i < 2000 && erased == 0; ++i) std::this_thread::yield();
  stop = true;
  sweeper.join();
}

}  // namespace
}  // namespace posthorn::engine::conformance
