#include "async/loop.h"

#include <pthread.h>

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cassert>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "async/timer_queue.h"

namespace posthorn::async {

namespace asio = boost::asio;

namespace {

thread_local Loop* current_loop = nullptr;

using detail::SteadyTime;

// Limit of a deadline. It keeps the sum from overflowing if a caller passes milliseconds::max().
constexpr std::chrono::milliseconds kLongest = std::chrono::hours(24 * 365);

}  // namespace

struct Loop::State {
  // Declared before the io_context: objects destroyed with its handlers may still cancel timers.
  detail::TimerQueue timers;
  asio::io_context io{1};
  asio::executor_work_guard<asio::io_context::executor_type> work{io.get_executor()};
  asio::steady_timer alarm{io};
  SteadyTime alarm_at = SteadyTime::max();  // max: no alarm is set.
  bool timers_run = false;

  // One system timer serves all timers, and is set to the earliest. It is moved only when an
  // earlier one is added. After the earliest is cancelled, the alarm stays and costs at most one
  // idle wake-up.
  void set_alarm() {
    const auto next = timers.next();
    if (timers_run || !next || *next >= alarm_at) return;
    alarm_at = *next;
    alarm.expires_at(alarm_at);
    alarm.async_wait([this](const boost::system::error_code& error) {
      if (error) return;  // Moved to an earlier time; the other wait continues.
      alarm_at = SteadyTime::max();
      timers_run = true;
      timers.run_due(std::chrono::steady_clock::now());
      timers_run = false;
      set_alarm();
    });
  }
};

Loop::Loop() : state_(std::make_unique<State>()) {}

Loop::~Loop() = default;

void Loop::post(std::move_only_function<void()> work) { asio::post(state_->io, std::move(work)); }

Loop* Loop::current() { return current_loop; }

OffLoop::OffLoop() : loop_(std::exchange(current_loop, nullptr)) {}
OffLoop::~OffLoop() { current_loop = loop_; }

void Loop::run() {
  Loop* const outer = std::exchange(current_loop, this);
  state_->io.run();
  // stop() ended the run. Work that was posted before it, and by that work, still runs.
  do {
    state_->io.restart();
  } while (state_->io.poll() > 0);
  current_loop = outer;
}

void Loop::stop() { state_->io.stop(); }

asio::io_context& Loop::native() { return state_->io; }

void Loop::set_timer(detail::TimerNode& node, std::chrono::milliseconds after) {
  const auto delay = std::clamp(after, std::chrono::milliseconds(0), kLongest);
  state_->timers.set(node, std::chrono::steady_clock::now() + delay);
  state_->set_alarm();
}

void Loop::cancel_timer(detail::TimerNode& node) { state_->timers.cancel(node); }

struct LoopPool::Threads {
  std::vector<std::jthread> threads;
  std::atomic<std::size_t> next = 0;
};

LoopPool::LoopPool(std::size_t count) : threads_(std::make_unique<Threads>()) {
  assert(count > 0);
  for (std::size_t i = 0; i < count; ++i) loops_.push_back(std::make_unique<Loop>());
  try {
    for (std::size_t i = 0; i < count; ++i) {
      threads_->threads.emplace_back([loop = loops_[i].get(), name = "loop-" + std::to_string(i)] {
        pthread_setname_np(pthread_self(), name.c_str());
        loop->run();
      });
    }
  } catch (const std::system_error&) {
    stop_and_join();  // Those already started would wait for work for ever.
    throw;
  }
}

LoopPool::~LoopPool() { stop_and_join(); }

Loop& LoopPool::next() {
  return *loops_[threads_->next.fetch_add(1, std::memory_order_relaxed) % loops_.size()];
}

void LoopPool::stop_and_join() {
  for (auto& loop : loops_) loop->stop();
  threads_->threads.clear();
}

}  // namespace posthorn::async
