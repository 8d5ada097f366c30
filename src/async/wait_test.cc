#include "async/wait.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>

#include "async/begun.h"
#include "async/offload.h"
#include "async/run.h"

namespace posthorn::async {
namespace {

Task<int> at_once(int value) { co_return value; }

Task<std::string> on_another_thread(OffloadPool& other) {
  EXPECT_EQ(Loop::current(), nullptr);
  const auto here = std::this_thread::get_id();
  co_await offload(other, [] {});
  EXPECT_NE(std::this_thread::get_id(), here);
  co_return "there";
}

Task<void> sets(bool& ended) {
  ended = true;
  co_return;
}

TEST(Wait, ForATaskThatDoesNotSuspend) {
  EXPECT_EQ(wait(at_once(3)), 3);
  bool ended = false;
  wait(sets(ended));
  EXPECT_TRUE(ended);
}

TEST(Wait, ForATaskThatGoesOnElsewhere) {
  OffloadPool other(1, 10);
  for (int i = 0; i < 200; ++i) EXPECT_EQ(wait(on_another_thread(other)), "there");
}

/// Destroyed with the frame of the task that owns it.
struct Sets {
  bool& destroyed;
  ~Sets() { destroyed = true; }
};

Task<int> holds(std::unique_ptr<Sets> /*owned*/, std::thread::id& where) {
  EXPECT_EQ(Loop::current(), nullptr);
  where = std::this_thread::get_id();
  co_return 5;
}

Task<void> runs_off_the_loop(OffloadPool& pool) {
  Loop* const home = Loop::current();
  std::thread::id where;
  bool destroyed = false;
  EXPECT_EQ(co_await off_loop(pool, holds(std::make_unique<Sets>(destroyed), where)), 5);
  EXPECT_TRUE(destroyed);
  EXPECT_NE(where, std::this_thread::get_id());
  EXPECT_EQ(Loop::current(), home);
  bool ended = false;
  co_await off_loop(pool, sets(ended));
  EXPECT_TRUE(ended);
}

TEST(OffLoop, ATaskRunsOnThePoolAndItsAwaiterOnTheLoop) {
  OffloadPool pool(2, 10);
  for (int i = 0; i < 100; ++i) run_blocking(runs_off_the_loop(pool));
}

Task<int> nested(OffloadPool& pool, std::thread::id here) {
  std::thread::id where;
  bool destroyed = false;
  const int value = co_await off_loop(pool, holds(std::make_unique<Sets>(destroyed), where));
  EXPECT_EQ(where, here);
  co_return value;
}

TEST(OffLoop, ATaskAwaitedOnNoLoopRunsInPlace) {
  OffloadPool pool(1, 10);
  EXPECT_EQ(wait(nested(pool, std::this_thread::get_id())), 5);
}

Task<void> finds_the_queue_full(OffloadPool& pool) {
  Loop* const home = Loop::current();
  const auto here = std::this_thread::get_id();
  std::thread::id where;
  bool destroyed = false;
  EXPECT_EQ(co_await off_loop(pool, holds(std::make_unique<Sets>(destroyed), where)), 5);
  EXPECT_EQ(where, here);
  // What blocks may do so here, too, since it sees no loop.
  EXPECT_EQ(co_await offload(pool, [] { return wait(at_once(7)); }), 7);
  Begun begun(pool, [] { EXPECT_EQ(wait(at_once(8)), 8); });
  EXPECT_TRUE(begun.is_done());
  EXPECT_EQ(Loop::current(), home);
}

TEST(OffLoop, AFullQueueLetsWorkRunInPlace) {
  OffloadPool pool(1, 0);
  run_blocking(finds_the_queue_full(pool));
}

Task<void> keeps_no_thread(OffloadPool& pool, OffloadPool& other) {
  Loop* const home = Loop::current();
  EXPECT_EQ(co_await off_loop(pool, on_another_thread(other)), "there");
  EXPECT_EQ(Loop::current(), home);
}

TEST(OffLoop, ATaskThatSuspendsComesBackToTheLoop) {
  OffloadPool pool(1, 10);
  OffloadPool other(1, 10);
  for (int i = 0; i < 100; ++i) run_blocking(keeps_no_thread(pool, other));
}

}  // namespace
}  // namespace posthorn::async
