#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <future>
#include <latch>
#include <random>
#include <thread>

#include "engine/conformance_fixture.h"
#include "engine/rocksdb/rocksdb_engine.h"

/// Acknowledged commits are durable, even under kill -9 at any moment, and a crash leaves no
/// partial change. A child process writes and reports over a pipe what was acknowledged; this
/// process kills it and checks. (A kill loses nothing that the kernel has. The fault engine tests
/// the loss of unsynced data.)
namespace posthorn::engine {
namespace {

using namespace conformance;

constexpr const char* kFolderVariable = "POSTHORN_CRASH_TEST_FOLDER";
constexpr int kAckFd = 9;
constexpr std::uint8_t kWriters = 4;

struct Ack {
  std::uint64_t tail;
  std::uint8_t writer;
};

/// Every commit of a writer stores its number in two rows, a page and a piece.
Commit numbered(std::uint8_t writer, std::uint64_t number) {
  const std::string text = std::to_string(number);
  Commit next = change(partition(writer), number - 1, {put("first", text), put("last", text)});
  next.carry.pages = {{PageNumber{number}, std::string(3000 * (number % 4), 'p') + text}};
  if (number > 20) next.carry.dropped_pages = {PageNumber{number - 20}};
  next.carry.holds = {hold_of(piece(static_cast<std::uint8_t>(number)), "shared",
                              static_cast<std::int64_t>(number))};
  return next;
}

void write_for_ever(Engine& engine, std::uint8_t writer) {
  const std::uint64_t start_from = async::wait(engine.version(partition(writer)))->revision + 1;
  for (std::uint64_t number = start_from;; ++number) {
    if (number % 5 == 0)
      static_cast<void>(
          engine.put_page(partition(writer), PageNumber{1'000'000 + number}, "ahead"));
    engine.commit(numbered(writer, number), [writer](const Result<PartitionVersion>& outcome) {
      if (!outcome) _exit(3);
      const Ack ack{outcome->revision, writer};
      if (write(kAckFd, &ack, sizeof ack) != sizeof ack) _exit(4);
    });
    // It is refused.
    if (number % 16 == 0) commit(engine, change(partition(100 + writer), number, {}));
  }
}

TEST(RocksDbCrash, DISABLED_Child) {
  const char* folder = std::getenv(kFolderVariable);
  ASSERT_TRUE(folder);
  auto opened = open_rocksdb({.path = folder, .write_buffer_bytes = 1 << 20, .wal_limit = 2 << 20});
  ASSERT_TRUE(opened) << opened.error().cause;
  std::vector<std::thread> writers;
  for (std::uint8_t w = 0; w < kWriters; ++w)
    writers.emplace_back([&, w] { write_for_ever(**opened, w); });
  for (std::thread& writer : writers) writer.join();
}

/// From when a child's life is counted.
enum class From : std::uint8_t {
  start,         ///< It may be killed while it opens the store.
  acknowledged,  ///< It is killed while it writes.
};

/// Runs the child, kills it after `life`, and returns the highest tail acknowledged to each writer.
std::array<std::uint64_t, kWriters> run_and_kill(const std::string& folder, From from,
                                                 std::chrono::milliseconds life) {
  std::array<int, 2> fds{};
  EXPECT_EQ(pipe2(fds.data(), O_CLOEXEC), 0);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, fds[1], kAckFd);
  std::string filter = "--gtest_filter=RocksDbCrash.DISABLED_Child";
  std::string disabled = "--gtest_also_run_disabled_tests";
  std::string program = "engine_test";
  std::array<char*, 4> arguments{program.data(), filter.data(), disabled.data(), nullptr};
  setenv(kFolderVariable, folder.c_str(), 1);
  pid_t child = 0;
  EXPECT_EQ(posix_spawn(&child, "/proc/self/exe", &actions, nullptr, arguments.data(), environ), 0);
  posix_spawn_file_actions_destroy(&actions);
  close(fds[1]);
  std::promise<void> writes;
  std::thread killer([&, writing = writes.get_future()] {
    constexpr std::chrono::seconds kLongestStart(30);
    if (from == From::acknowledged) static_cast<void>(writing.wait_for(kLongestStart));
    std::this_thread::sleep_for(life);
    kill(child, SIGKILL);
  });
  std::array<std::uint64_t, kWriters> acknowledged{};
  bool first = true;
  for (Ack ack; read(fds[0], &ack, sizeof ack) == sizeof ack;) {
    if (std::exchange(first, false)) writes.set_value();
    EXPECT_LT(acknowledged[ack.writer], ack.tail);
    acknowledged[ack.writer] = ack.tail;
  }
  killer.join();
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status)) << "the child ended by itself: " << WEXITSTATUS(status);
  close(fds[0]);
  return acknowledged;
}

void expect_whole(Engine& engine, std::uint8_t writer, std::uint64_t tail) {
  const auto p = partition(writer);
  if (tail == 0) return;
  const std::string text = std::to_string(tail);
  EXPECT_EQ(rows(engine, p), "first=" + text + ";last=" + text + ";");
  const auto numbers = engine.pages(p, PageNumber{0}, 1000);
  ASSERT_TRUE(numbers);
  std::vector<std::uint64_t> committed;
  for (const PageNumber number : *numbers)
    if (number.value < 1'000'000) committed.push_back(number.value);
  ASSERT_EQ(committed.size(), std::min<std::uint64_t>(tail, 20));
  EXPECT_EQ(committed.back(), tail);
  for (const std::uint64_t number : committed) {
    const auto page = async::wait(engine.read_page(p, PageNumber{number}));
    ASSERT_TRUE(page);
    EXPECT_TRUE(page->ends_with(std::to_string(number)));
    const PieceName name = piece(static_cast<std::uint8_t>(number));
    EXPECT_EQ(said(async::wait(engine.read_piece(name))), "shared");
    const auto info = engine.inspect(name);
    ASSERT_TRUE(info && *info);
    EXPECT_TRUE(std::ranges::any_of((*info)->holders, [&](const Holder& holder) {
      return holder.partition == p && holder.stamp >= static_cast<std::int64_t>(number);
    }));
  }
}

TEST(RocksDbCrash, EverythingAcknowledgedIsThereAfterAKill) {
  const TempFolder folder;
  const std::string path = folder.path() + "/data";
  std::mt19937 random(20);
  std::uint64_t all = 0;
  for (int round = 0; round < 8; ++round) {
    const auto acknowledged = run_and_kill(path, round % 2 == 0 ? From::acknowledged : From::start,
                                           std::chrono::milliseconds(50 + random() % 400));
    const auto opened = open_rocksdb({.path = path});
    ASSERT_TRUE(opened) << opened.error().text << opened.error().cause;
    for (std::uint8_t w = 0; w < kWriters; ++w) {
      const auto tail = async::wait((*opened)->version(partition(w)));
      ASSERT_TRUE(tail);
      EXPECT_GE(tail->revision, acknowledged[w]);
      expect_whole(**opened, w, tail->revision);
      all += acknowledged[w] ? 1 : 0;
    }
  }
  EXPECT_GT(all, 0U) << "no child lived long enough to write";
}

}  // namespace
}  // namespace posthorn::engine
