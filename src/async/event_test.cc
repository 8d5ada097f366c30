#include "async/event.h"

#include <gtest/gtest.h>

#include <random>

#include "async/gate.h"
#include "async/run.h"

namespace posthorn::async {
namespace {

using namespace std::chrono_literals;
using detail::SteadyTime;
using detail::TimerNode;
using detail::TimerQueue;

TEST(TimerQueue, KeepsOrderUnderRandomSetsAndCancels) {
  std::mt19937 random(7);
  TimerQueue queue;
  constexpr std::size_t kNodes = 200;
  std::vector<TimerNode> nodes(kNodes);
  std::map<std::size_t, int> wanted;  // The timers that are set, with their times.
  std::vector<std::size_t> called;
  const auto at = [](int t) { return SteadyTime(std::chrono::milliseconds(t)); };
  for (int step = 0; step < 20'000; ++step) {
    const std::size_t i = random() % kNodes;
    if (random() % 3 != 0) {
      const int when = static_cast<int>(random() % 1000);
      nodes[i].call = [&called, i] { called.push_back(i); };
      queue.set(nodes[i], at(when));
      wanted[i] = when;
    } else {
      queue.cancel(nodes[i]);
      wanted.erase(i);
    }
    ASSERT_EQ(queue.size(), wanted.size());
    if (step % 1000 != 0) continue;
    queue.run_due(at(500));
    std::size_t due = 0;
    int last = 0;
    for (const std::size_t c : called) {
      ASSERT_TRUE(wanted.contains(c));
      ASSERT_LE(last, wanted[c]);
      ASSERT_LE(wanted[c], 500);
      last = wanted[c];
      wanted.erase(c);
      ++due;
    }
    for (const auto& [node, when] : wanted) ASSERT_GT(when, 500) << node;
    ASSERT_EQ(due, called.size());
    called.clear();
  }
}

TEST(TimerQueue, ACallMayDestroyOthersAndItself) {
  TimerQueue queue;
  auto first = std::make_unique<TimerNode>();
  auto second = std::make_unique<TimerNode>();
  int calls = 0;
  first->call = [&] {
    ++calls;
    queue.cancel(*second);
    second.reset();
    first.reset();
    ++calls;  // Our captures still exist.
  };
  second->call = [&] { ADD_FAILURE(); };
  queue.set(*first, SteadyTime(1ms));
  queue.set(*second, SteadyTime(2ms));
  queue.run_due(SteadyTime(5ms));
  EXPECT_EQ(calls, 2);
  EXPECT_FALSE(queue.next());
}

Task<void> timers_in_order(std::vector<int>& order) {
  Timer a;
  Timer b;
  Timer c;
  Timer cancelled;
  Event done;
  c.set(30ms, [&] {
    order.push_back(3);
    done.set();
  });
  a.set(1h, [&] { ADD_FAILURE() << "was replaced"; });
  b.set(20ms, [&] { order.push_back(2); });
  a.set(10ms, [&] { order.push_back(1); });
  cancelled.set(5ms, [&] { ADD_FAILURE() << "was cancelled"; });
  cancelled.cancel();
  {
    Timer destroyed;
    destroyed.set(5ms, [&] { ADD_FAILURE() << "was destroyed"; });
  }
  co_await done.wait();
}

TEST(Timer, CallsInOrderOnceAndNotAfterCancel) {
  std::vector<int> order;
  run_blocking(timers_in_order(order));
  EXPECT_EQ(order, (std::vector{1, 2, 3}));
}

Task<void> set_again_from_the_call(int& calls) {
  Timer timer;
  Event done;
  std::function<void()> tick = [&] {
    if (++calls == 3) {
      done.set();
    } else {
      timer.set(1ms, tick);
    }
  };
  timer.set(0ms, tick);
  co_await done.wait();
}

TEST(Timer, MayBeSetFromItsCall) {
  int calls = 0;
  run_blocking(set_again_from_the_call(calls));
  EXPECT_EQ(calls, 3);
}

Task<void> sleep_long_and_short(std::chrono::milliseconds& took) {
  Timer forever;
  forever.set(std::chrono::milliseconds::max(), [] { ADD_FAILURE(); });
  Timer never;
  never.set(std::chrono::milliseconds(-5), [] {});
  const auto start = std::chrono::steady_clock::now();
  co_await sleep_for(20ms);
  took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() -
                                                               start);
}

TEST(Timer, ExtremeDelaysDoNotOverflow) {
  std::chrono::milliseconds took{};
  run_blocking(sleep_long_and_short(took));
  EXPECT_GE(took, 20ms);
  EXPECT_LT(took, 2s);
}

Task<void> count_wakes(Event& event, int& wakes, bool& stop) {
  while (!stop) {
    co_await event.wait();
    ++wakes;
  }
}

Task<void> events(int& wakes) {
  Event event;
  bool stop = false;
  event.set();
  event.set();  // Both set() calls give one wake-up.
  EXPECT_TRUE(event.is_set());
  Gate gate;
  gate.spawn(count_wakes(event, wakes, stop));
  EXPECT_EQ(wakes, 1);
  EXPECT_FALSE(event.is_set());
  event.set();
  EXPECT_EQ(wakes, 2);
  stop = true;
  event.set();
  co_await gate.wait_empty();
}

TEST(Event, RemembersOneSet) {
  int wakes = 0;
  run_blocking(events(wakes));
  EXPECT_EQ(wakes, 3);
}

}  // namespace
}  // namespace posthorn::async
