#include "async/loop.h"

#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <thread>

#include "async/event.h"
#include "async/gate.h"
#include "async/run.h"
#include "async/signals.h"

namespace posthorn::async {
namespace {

using namespace std::chrono_literals;

TEST(Loop, RunsWhatIsPostedInOrderAndOnItsThread) {
  Loop loop;
  std::vector<int> order;
  EXPECT_EQ(Loop::current(), nullptr);
  for (int i = 0; i < 5; ++i) {
    loop.post([&, i] {
      EXPECT_TRUE(loop.is_current());
      order.push_back(i);
    });
  }
  loop.post([&] { loop.stop(); });
  loop.run();
  EXPECT_EQ(order, (std::vector{0, 1, 2, 3, 4}));
  EXPECT_EQ(Loop::current(), nullptr);
}

TEST(Loop, RunsWhatIsPostedAfterStopUntilNothingIs) {
  Loop loop;
  int ran = 0;
  loop.post([&] {
    loop.stop();
    loop.post([&] {
      ++ran;
      loop.post([&] { ++ran; });
    });
  });
  loop.run();
  EXPECT_EQ(ran, 2);
}

TEST(Loop, FreesPostedWorkThatNeverRan) {
  auto held = std::make_shared<int>(1);
  {
    Loop loop;
    loop.post([held] {});
    EXPECT_EQ(held.use_count(), 2);
  }
  EXPECT_EQ(held.use_count(), 1);
}

TEST(Loop, StopFromAnotherThreadWakesIt) {
  Loop loop;
  std::jthread other([&] {
    std::this_thread::sleep_for(10ms);
    loop.stop();
  });
  loop.run();
}

Task<int> travel(LoopPool& pool, std::vector<Loop*>& seen) {
  for (std::size_t i = 0; i < pool.size(); ++i) {
    co_await pool.at(i).enter();
    seen.push_back(Loop::current());
  }
  co_return 7;
}

Task<int> travel_and_return(LoopPool& pool, std::vector<Loop*>& seen) {
  Loop* const home = Loop::current();
  const int result = co_await travel(pool, seen);
  co_await home->enter();
  EXPECT_TRUE(home->is_current());
  co_return result;
}

TEST(LoopPool, ACoroutineMovesBetweenLoops) {
  LoopPool pool(3);
  std::vector<Loop*> seen;
  EXPECT_EQ(run_blocking(travel_and_return(pool, seen)), 7);
  ASSERT_EQ(seen.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(seen[i], &pool.at(i));
}

TEST(LoopPool, GoesRound) {
  LoopPool pool(2);
  Loop* const first = &pool.next();
  Loop* const second = &pool.next();
  EXPECT_NE(first, second);
  EXPECT_EQ(&pool.next(), first);
}

TEST(LoopPool, PostsFromManyThreadsAllArrive) {
  constexpr int kThreads = 4;
  constexpr int kPosts = 2000;
  LoopPool pool(2);
  std::vector<int> counts(2);  // Each is touched by its own loop only.
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < kPosts; ++i) {
          const std::size_t at = static_cast<std::size_t>(i) % 2;
          pool.at(at).post([&counts, at] { ++counts[at]; });
        }
      });
    }
  }
  pool.stop_and_join();
  EXPECT_EQ(counts[0] + counts[1], kThreads * kPosts);
}

Task<void> note_turns(std::vector<int>& order, int who) {
  for (int i = 0; i < 2; ++i) {
    order.push_back(who);
    co_await Loop::current()->yield();
  }
}

Task<void> take_turns(std::vector<int>& order) {
  Gate gate;
  gate.spawn(note_turns(order, 1));
  gate.spawn(note_turns(order, 2));
  EXPECT_EQ(gate.running(), 2U);
  co_await gate.wait_empty();
  EXPECT_EQ(gate.running(), 0U);
}

TEST(Loop, YieldLetsOthersRun) {
  std::vector<int> order;
  run_blocking(take_turns(order));
  EXPECT_EQ(order, (std::vector{1, 2, 1, 2}));
}

struct Held {
  std::shared_ptr<int> value;
};

Task<void> hold_for_a_while(Held held) {
  co_await sleep_for(1ms);
  *held.value += 1;
}

Task<void> wait_for(Gate& gate, const std::shared_ptr<int>& value, int& ended) {
  co_await gate.wait_empty();
  EXPECT_EQ(*value, 2);
  EXPECT_EQ(value.use_count(), 1) << "the frames should be gone";
  ++ended;
}

Task<void> gate_frees_frames() {
  auto value = std::make_shared<int>(0);
  Gate gate;
  gate.spawn(hold_for_a_while({value}));
  gate.spawn(hold_for_a_while({value}));
  int ended = 0;
  Gate waiters;
  waiters.spawn(wait_for(gate, value, ended));
  waiters.spawn(wait_for(gate, value, ended));
  co_await waiters.wait_empty();
  EXPECT_EQ(ended, 2);
  co_await gate.wait_empty();  // Returns at once if nothing runs.
}

TEST(Gate, FreesEveryFrameBeforeItOpens) { run_blocking(gate_frees_frames()); }

struct GateOwner {
  Gate gate;
};

Task<void> own_gate(std::shared_ptr<GateOwner> owner) {
  co_await sleep_for(1ms);
  EXPECT_EQ(owner->gate.running(), 1U);
}

Task<void> gate_in_its_own_task() {
  auto owner = std::make_shared<GateOwner>();
  std::weak_ptr<GateOwner> watched = owner;
  owner->gate.spawn(own_gate(owner));
  owner.reset();
  EXPECT_FALSE(watched.expired());
  co_await sleep_for(20ms);
  EXPECT_TRUE(watched.expired());
}

TEST(Gate, MayGoWithItsLastTask) { run_blocking(gate_in_its_own_task()); }

Task<int> depth(int n) {
  if (n == 0) co_return 0;
  int sum = 0;
  for (int i = 0; i < n; ++i) sum += 1 + co_await depth(0);
  co_return sum;
}

TEST(Task, ManyAwaitsInARowNeedNoStack) { EXPECT_EQ(run_blocking(depth(300'000)), 300'000); }

Task<std::unique_ptr<int>> make_pointer() { co_return std::make_unique<int>(3); }

TEST(Task, CarriesMoveOnlyValues) { EXPECT_EQ(*run_blocking(make_pointer()), 3); }

TEST(Task, NeverAwaitedIsFreed) {
  auto value = std::make_shared<int>(0);
  {
    const auto task = hold_for_a_while({value});
  }
  EXPECT_EQ(value.use_count(), 1);
}

Task<int> hear_signal() {
  Event heard;
  int number = 0;
  const Signals signals({SIGUSR1, SIGUSR2}, [&](int n) {
    number = n;
    heard.set();
  });
  std::raise(SIGUSR1);
  co_await heard.wait();
  EXPECT_EQ(number, SIGUSR1);
  std::raise(SIGUSR2);
  co_await heard.wait();
  co_return number;
}

TEST(Signals, ArriveAsCallsOnTheLoop) { EXPECT_EQ(run_blocking(hear_signal()), SIGUSR2); }

}  // namespace
}  // namespace posthorn::async
