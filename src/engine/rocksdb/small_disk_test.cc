#include <gtest/gtest.h>
#include <sys/statvfs.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <random>
#include <thread>

#include "async/wait.h"
#include "engine/rocksdb/rocksdb_engine.h"

/// A real disk that fills up. Runs on a small file system named by POSTHORN_SMALL_DISK
/// (tests/faults/README.md); skipped without it.
namespace posthorn::engine {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

PartitionId writer_id(int n) {
  PartitionId id;
  id.bytes.fill(static_cast<std::uint8_t>(17 * n + 3));
  return id;
}

/// Commits a row, a page and a piece each time, and notes what was acknowledged.
struct Writer {
  Engine& engine;
  const int number;
  const std::size_t enough;
  std::atomic<std::uint64_t> acknowledged = 0;
  std::atomic<std::uint64_t> refused = 0;
  std::atomic<bool> stop = false;
  std::vector<std::string> keys;  ///< The acknowledged keys; to be read after the end.

  void run() {
    std::mt19937_64 random(static_cast<std::uint64_t>(number));
    for (std::uint64_t n = 1; !stop; ++n) {
      const auto tail = async::wait(engine.version(writer_id(number)));
      if (!tail || !write(tail->revision, n, random)) {
        ++refused;
        std::this_thread::sleep_for(milliseconds(20));
      }
      if (acknowledged > enough) std::this_thread::sleep_for(milliseconds(300));
    }
  }

  bool write(std::uint64_t tail, std::uint64_t n, std::mt19937_64& random) {
    std::string bytes(2000 + random() % 20'000, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    if (!engine.put_page(writer_id(number), PageNumber{n}, bytes)) return false;
    const std::string key = "k" + std::to_string(n);
    Commit commit{writer_id(number), {Seq{tail}, tail, 0}, 1, {{key, bytes.substr(0, 1000)}}, {}};
    std::promise<bool> done;
    engine.commit(std::move(commit), [&](const Result<PartitionVersion>& answer) {
      done.set_value(answer.has_value());
    });
    auto answer = done.get_future();
    if (answer.wait_for(seconds(60)) != std::future_status::ready) {
      std::fprintf(stderr, "a commit got no answer in 60 s\n");
      std::abort();
    }
    if (!answer.get()) return false;
    keys.push_back(key);
    ++acknowledged;
    return true;
  }
};

void fill(const std::string& folder, std::uint64_t left) {
  struct statvfs at{};
  ASSERT_EQ(::statvfs(folder.c_str(), &at), 0);
  const std::uint64_t free = at.f_bavail * at.f_frsize;
  if (free <= left) return;
  std::ofstream file(folder + "/filler", std::ios::binary | std::ios::app);
  const std::string block(64UL * 1024, 'f');
  for (std::uint64_t n = 0; n < (free - left) / block.size() + 1 && file; ++n) {
    file.write(block.data(), static_cast<std::streamsize>(block.size()));
    file.flush();
  }
}

std::size_t missing(Engine& engine, const Writer& writer) {
  std::size_t lost = 0;
  for (const std::string& key : writer.keys) {
    const auto row = async::wait(engine.get_row(writer_id(writer.number), key));
    lost += row && *row ? 0 : 1;
  }
  return lost;
}

void play(const std::string& folder, int round) {
  const std::string path = folder + "/data";
  std::filesystem::remove_all(path);
  std::mt19937 random(static_cast<std::uint32_t>(round));
  constexpr std::uint64_t kMiB = 1 << 20;
  const std::uint64_t left =
      std::array{0UL, 0UL, 1 * kMiB, 3 * kMiB, 8 * kMiB, 8 * kMiB}[round % 6];
  const RocksDbOptions options{.path = path,
                               .cache_bytes = 16 * kMiB,
                               .write_buffer_bytes = (round % 2 == 0 ? 4UL : 64UL) * kMiB};
  auto opened = open_rocksdb(options);
  ASSERT_TRUE(opened) << opened.error().text << opened.error().cause;
  std::vector<std::unique_ptr<Writer>> writers;
  std::vector<std::thread> threads;
  for (int n = 0; n < 6; ++n) {
    writers.push_back(std::make_unique<Writer>(**opened, n, 200UL));
    threads.emplace_back([&writer = *writers.back()] { writer.run(); });
  }
  std::this_thread::sleep_for(milliseconds(500 + random() % 1500));
  int read = 0;
  int not_read = 0;
  const auto full_until = steady_clock::now() + milliseconds(2000 + random() % 3000);
  while (steady_clock::now() < full_until) {
    fill(folder, left);
    ++(async::wait((*opened)->read_page(writer_id(0), PageNumber{1})) ? read : not_read);
    std::this_thread::sleep_for(milliseconds(50));
  }
  std::filesystem::remove(folder + "/filler");
  const auto freed = steady_clock::now();
  std::vector<std::uint64_t> before;
  for (const auto& writer : writers) before.push_back(writer->acknowledged);
  const auto all_write = [&] {
    for (std::size_t i = 0; i < writers.size(); ++i)
      if (writers[i]->acknowledged <= before[i]) return false;
    return true;
  };
  while (!all_write() && steady_clock::now() < freed + seconds(60))
    std::this_thread::sleep_for(milliseconds(20));
  const auto took = std::chrono::duration_cast<milliseconds>(steady_clock::now() - freed);
  EXPECT_TRUE(all_write()) << "round " << round << " hung";
  std::uint64_t acknowledged = 0;
  std::uint64_t refused = 0;
  for (const auto& writer : writers) writer->stop = true;
  for (std::thread& thread : threads) thread.join();
  for (const auto& writer : writers) {
    acknowledged += writer->acknowledged;
    refused += writer->refused;
    EXPECT_EQ(missing(**opened, *writer), 0U) << "round " << round;
  }
  (*opened)->close();
  opened->reset();
  opened = open_rocksdb(options);
  ASSERT_TRUE(opened) << opened.error().text << opened.error().cause;
  for (const auto& writer : writers)
    EXPECT_EQ(missing(**opened, *writer), 0U) << "round " << round << ", after a restart";
  EXPECT_GT(read, not_read);
  std::printf(
      "round %d: %llu KiB left: writing again after %lld ms, %llu acknowledged, "
      "%llu refused, %d of %d reads failed\n",
      round, static_cast<unsigned long long>(left >> 10), static_cast<long long>(took.count()),
      static_cast<unsigned long long>(acknowledged), static_cast<unsigned long long>(refused),
      not_read, read + not_read);
  std::fflush(stdout);
}

TEST(SmallDisk, FillsUpAndGetsRoomAgain) {
  const char* folder = std::getenv("POSTHORN_SMALL_DISK");
  if (folder == nullptr) GTEST_SKIP() << "POSTHORN_SMALL_DISK names no small file system";
  const char* rounds = std::getenv("POSTHORN_ROUNDS");
  for (int round = 0; round < (rounds != nullptr ? std::atoi(rounds) : 30); ++round) {
    play(folder, round);
    if (HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace posthorn::engine
