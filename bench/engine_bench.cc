#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <mutex>

#include "base/log.h"
#include "engine/memory/memory_engine.h"
#include "engine/rocksdb/rocksdb_engine.h"

/// What a commit costs, by how many are in flight, and beside it what this disk asks for one sync:
/// run it on the file system that will hold the mail (TMPDIR).
namespace {

using namespace posthorn;
using namespace posthorn::engine;

class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "posthorn-bench-XXXXXX").string();
    if (!mkdtemp(name.data())) std::abort();
    path_ = name;
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::unique_ptr<Engine> open_in(const Folder& folder) {
  auto opened = open_rocksdb({.path = folder.path() + "/data"});
  if (!opened) std::abort();
  return std::move(*opened);
}

PartitionId partition(std::size_t n) {
  PartitionId id;
  id.bytes.fill(7);
  id.bytes[0] = static_cast<std::uint8_t>(n);
  id.bytes[1] = static_cast<std::uint8_t>(n >> 8);
  return id;
}

/// Keeps a number of commits in flight, each of its own account, as that many busy sessions do: a
/// flag change is a journal record, a chunk row and a mailbox head.
class InFlight {
 public:
  InFlight(Engine& engine, std::size_t count) : engine_(engine), versions_(count) {}

  void run(std::size_t commits) {
    left_ = commits;
    const std::size_t first = std::min(commits, versions_.size());
    for (std::size_t n = 0; n < first; ++n) next(n);
    std::unique_lock lock(mutex_);
    finished_.wait(lock, [&] { return left_ == 0 && running_ == 0; });
  }

 private:
  void next(std::size_t n) {
    {
      const std::scoped_lock lock(mutex_);
      if (left_ == 0) return finished_.notify_one();
      --left_;
      ++running_;
    }
    Commit commit{partition(n), versions_[n], 1, {}, {}};
    commit.edits.push_back({"j" + std::to_string(versions_[n].tail.value), std::string(60, 'j')});
    commit.edits.push_back({"c1", std::string(300, 'c')});
    commit.edits.push_back({"h1", std::string(150, 'h')});
    engine_.commit(std::move(commit), [this, n](const Result<PartitionVersion>& outcome) {
      if (!outcome) std::abort();
      versions_[n] = *outcome;
      {
        const std::scoped_lock lock(mutex_);
        --running_;
      }
      next(n);
    });
  }

  Engine& engine_;
  std::vector<PartitionVersion> versions_;
  std::mutex mutex_;
  std::condition_variable finished_;
  std::size_t left_ = 0;
  std::size_t running_ = 0;
};

void sync_of_this_disk(benchmark::State& state) {
  const Folder folder;
  const int fd = open((folder.path() + "/file").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
  const std::array<char, 512> block{};
  for (auto _ : state) {
    if (write(fd, block.data(), block.size()) < 0 || fdatasync(fd) < 0) std::abort();
  }
  close(fd);
}
BENCHMARK(sync_of_this_disk)->UseRealTime();

void commit_in(Engine& engine, benchmark::State& state) {
  constexpr std::size_t kRound = 512;
  InFlight load(engine, static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) load.run(kRound);
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kRound));
}

void commits_rocksdb(benchmark::State& state) {
  const Folder folder;
  const auto engine = open_in(folder);
  commit_in(*engine, state);
}
BENCHMARK(commits_rocksdb)
    ->Arg(1)
    ->Arg(8)
    ->Arg(64)
    ->Arg(512)
    ->UseRealTime()
    ->MeasureProcessCPUTime();

void commits_memory(benchmark::State& state) {
  MemoryEngine engine;
  commit_in(engine, state);
}
BENCHMARK(commits_memory)->Arg(64)->UseRealTime();

/// A delivery: a small commit that carries a piece of `range` bytes.
void deliveries_rocksdb(benchmark::State& state) {
  const Folder folder;
  const auto engine = open_in(folder);
  const std::string body(static_cast<std::size_t>(state.range(0)), 'b');
  std::uint64_t name = 0;
  for (auto _ : state) {
    std::mutex mutex;
    std::condition_variable finished;
    std::size_t running = 64;
    for (std::size_t n = 0; n < 64; ++n) {
      Commit commit{
          partition(n), {Seq{name / 64}, name / 64, 0}, 1, {{"h1", std::string(150, 'h')}}, {}};
      PieceHold hold{{}, body, 1};
      ++name;
      for (std::size_t i = 0; i < 8; ++i)
        hold.name.bytes[i] = static_cast<std::uint8_t>(name * 0x9e3779b97f4a7c15ULL >> (8 * i));
      commit.carry.holds.push_back(std::move(hold));
      engine->commit(std::move(commit), [&](const Result<PartitionVersion>& outcome) {
        if (!outcome) std::abort();
        const std::scoped_lock lock(mutex);
        if (--running == 0) finished.notify_one();
      });
    }
    std::unique_lock lock(mutex);
    finished.wait(lock, [&] { return running == 0; });
  }
  state.SetItemsProcessed(state.iterations() * 64);
  state.SetBytesProcessed(state.iterations() * 64 * state.range(0));
}
BENCHMARK(deliveries_rocksdb)->Arg(4096)->Arg(32768)->UseRealTime()->MeasureProcessCPUTime();

void reads_rocksdb(benchmark::State& state) {
  const Folder folder;
  const auto engine = open_in(folder);
  InFlight(*engine, 64).run(6400);
  const std::vector<std::string> keys{"h1"};
  std::size_t n = 0;
  for (auto _ : state) benchmark::DoNotOptimize(engine->try_get(partition(n++ % 64), keys));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(reads_rocksdb);

}  // namespace

int main(int argc, char** argv) {
  posthorn::log::set_level(posthorn::log::Level::warning);
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
