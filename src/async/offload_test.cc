#include "async/offload.h"

#include <gtest/gtest.h>

#include <atomic>
#include <semaphore>
#include <thread>

#include "async/begun.h"
#include "async/gate.h"
#include "async/run.h"

namespace posthorn::async {
namespace {

using namespace std::chrono_literals;

Task<std::string> elsewhere(OffloadPool& pool) {
  Loop* const home = Loop::current();
  const auto here = std::this_thread::get_id();
  const auto there = co_await offload(pool, [] {
    EXPECT_EQ(Loop::current(), nullptr);
    return std::this_thread::get_id();
  });
  EXPECT_NE(here, there);
  EXPECT_EQ(Loop::current(), home);
  EXPECT_EQ(std::this_thread::get_id(), here);
  bool ran = false;
  co_await offload(pool, [&] { ran = true; });  // A task of type void.
  EXPECT_TRUE(ran);
  co_return *co_await offload(
      pool, [own = std::make_unique<std::string>("moved")]() mutable { return std::move(own); });
}

TEST(Offload, RunsOnThePoolAndComesBack) {
  OffloadPool pool(1, 10);
  EXPECT_EQ(run_blocking(elsewhere(pool)), "moved");
}

Task<void> fill(OffloadPool& pool, std::binary_semaphore& blocked, std::binary_semaphore& started) {
  EXPECT_TRUE(pool.submit([&] {
    started.release();
    blocked.acquire();
  }));
  started.acquire();
  EXPECT_TRUE(pool.submit([] {}));
  bool taken = true;
  EXPECT_FALSE(pool.submit([&] { taken = false; }));
  // The queue is full: the work runs in place, on our own thread.
  const auto where = co_await offload(pool, [] { return std::this_thread::get_id(); });
  EXPECT_EQ(where, std::this_thread::get_id());
  EXPECT_TRUE(taken);
  blocked.release();
}

TEST(Offload, AFullQueueRefusesAndOffloadRunsInPlace) {
  std::binary_semaphore blocked(0);
  std::binary_semaphore started(0);
  OffloadPool pool(1, 1);
  run_blocking(fill(pool, blocked, started));
}

TEST(Offload, FinishesWhatIsQueuedBeforeItEnds) {
  std::atomic<int> done = 0;
  {
    OffloadPool pool(2, 100);
    for (int i = 0; i < 50; ++i) {
      ASSERT_TRUE(pool.submit([&] {
        std::this_thread::sleep_for(100us);
        ++done;
      }));
    }
  }
  EXPECT_EQ(done, 50);
}

Task<void> many_jobs(OffloadPool& pool, int& sum) {
  for (int i = 0; i < 500; ++i) sum += co_await offload(pool, [i] { return i; });
}

Task<void> many_at_once(OffloadPool& pool, std::vector<int>& sums) {
  Gate gate;
  for (int& sum : sums) gate.spawn(many_jobs(pool, sum));
  co_await gate.wait_empty();
}

TEST(Offload, ManyCoroutinesAtOnce) {
  OffloadPool pool(3, 4);
  std::vector<int> sums(20);
  run_blocking(many_at_once(pool, sums));
  for (const int sum : sums) EXPECT_EQ(sum, 499 * 500 / 2);
}

// A coroutine outside any loop. It starts at once, continues wherever it is resumed, and frees
// itself at its end, which here may come before the call that suspended it has returned.
struct Loose {
  struct promise_type {
    Loose get_return_object() noexcept { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    [[noreturn]] void unhandled_exception() noexcept { std::terminate(); }
  };
};

Loose outside_any_loop(OffloadPool& pool, std::atomic<int>& sum) {
  sum += co_await offload(pool,
                          [text = std::string(100, 'x')] { return static_cast<int>(text.size()); });
}

Loose at_once(int& sum) {
  sum += co_await callback<int>([text = std::string(100, 'x')](auto done) {
    done(1);
    // The coroutine has ended by now, but what `start` holds still exists.
    EXPECT_EQ(text.size(), 100U);
  });
}

TEST(Callback, DoneBeforeStartReturns) {
  int sum = 0;
  at_once(sum);
  EXPECT_EQ(sum, 1);
}

TEST(Callback, ResumesWhereDoneIsCalledOutsideALoop) {
  std::atomic<int> sum = 0;
  {
    OffloadPool pool(2, 2000);
    for (int i = 0; i < 1000; ++i) outside_any_loop(pool, sum);
  }
  EXPECT_EQ(sum, 100'000);
}

Task<int> begin_and_await(OffloadPool& pool, std::binary_semaphore& go) {
  int done = 0;
  Begun waits(pool, [&] {
    go.acquire();
    done += 1;
  });
  EXPECT_FALSE(waits.is_done());
  go.release();
  co_await waits;  // It may or may not be done by now.
  Begun ends(pool, [&] { done += 2; });
  while (!ends.is_done()) std::this_thread::yield();
  co_await ends;
  Begun nothing;
  co_await nothing;
  co_return done;
}

TEST(Offload, BegunWorkIsAwaitedBeforeAndAfterItsEnd) {
  OffloadPool pool(1, 10);
  for (int i = 0; i < 200; ++i) {
    std::binary_semaphore go(0);
    ASSERT_EQ(run_blocking(begin_and_await(pool, go)), 3);
  }
}

}  // namespace
}  // namespace posthorn::async
