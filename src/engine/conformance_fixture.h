#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <future>
#include <memory>

#include "async/loop.h"
#include "async/test_run_on.h"
#include "async/wait.h"
#include "engine/engine.h"

/// The fixture and helpers of the conformance suite (conformance_*_test.cc). To test a new engine,
/// add it to conformance_engines().
namespace posthorn::engine::conformance {

/// Makes engines of one kind. Each one opens what the one before it stored.
class EngineUnderTest {
 public:
  virtual ~EngineUnderTest() = default;
  virtual std::unique_ptr<Engine> open() = 0;
  /// Returns true if stored data survives close and open.
  [[nodiscard]] virtual bool keeps() const = 0;
  /// Returns true if what was just read can be read again from memory. An engine over a network
  /// need not remember, since others may have changed it meanwhile.
  [[nodiscard]] virtual bool remembers_reads() const { return true; }
};

using MakeEngine = std::unique_ptr<EngineUnderTest> (*)();
struct NamedEngine {
  const char* name;
  MakeEngine make;
};
std::vector<NamedEngine> conformance_engines();

/// A temporary folder, removed at the end.
class TempFolder {
 public:
  TempFolder();
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  [[nodiscard]] std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

class Conformance : public testing::TestWithParam<NamedEngine> {
 protected:
  void SetUp() override {
    maker_ = GetParam().make();
    engine_ = maker_->open();
    ASSERT_TRUE(engine_);
  }
  Engine& engine() { return *engine_; }
  [[nodiscard]] bool keeps() const { return maker_->keeps(); }
  [[nodiscard]] bool remembers_reads() const { return maker_->remembers_reads(); }
  void reopen();
  /// Awaits a task on the thread of a loop.
  template <class T>
  T on_loop(async::Task<T> task) {
    return async::run_on(loops_.at(0), std::move(task));
  }

 private:
  std::unique_ptr<EngineUnderTest> maker_;
  std::unique_ptr<Engine> engine_;
  async::LoopPool loops_{1};
};

PartitionId partition(std::uint8_t n);
PieceName piece(std::uint8_t n);
Edit put(std::string key, std::string value);
Edit removal(std::string key);
/// A commit that was computed from the given revision.
Commit change(const PartitionId& partition, std::uint64_t expect, std::vector<Edit> edits,
              std::uint64_t advance = 1);
PieceHold hold_of(const PieceName& name, std::string bytes, std::int64_t stamp);

/// Commits and waits for the answer.
Result<PartitionVersion> commit(Engine& engine, Commit commit);
std::future<Result<PartitionVersion>> start(Engine& engine, Commit commit);
/// The tail or the row's value as text, or the name of the error in angle brackets; a conflict with
/// the revision that was found.
std::string said(const Result<PartitionVersion>& outcome);
/// Tail, revision and layout.
std::string all_of(const Result<PartitionVersion>& outcome);
std::string row(Engine& engine, const PartitionId& partition, const std::string& key);
/// The rows of the range as "key=value;...", followed by "+next" if there are more.
std::string rows(Engine& engine, const PartitionId& partition, std::string_view first = {},
                 std::string_view last = {}, std::size_t limit = 1000);
std::string said(const Result<std::string>& bytes);
std::string said(const Status& status);

}  // namespace posthorn::engine::conformance

#define POSTHORN_CONFORMANCE(Suite)                                                  \
  INSTANTIATE_TEST_SUITE_P(Engines, Suite, testing::ValuesIn(conformance_engines()), \
                           [](const auto& info) { return std::string(info.param.name); })
