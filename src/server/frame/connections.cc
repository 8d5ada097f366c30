#include "server/frame/connections.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "async/event.h"
#include "async/gate.h"
#include "async/loop.h"

namespace posthorn::server::frame {

struct Connections::Home {
  explicit Home(async::Loop& of) : loop(of) {}
  async::Loop& loop;
  async::Gate gate;
  std::set<net::Stream*> streams;
  std::optional<async::Timer>
      patience;  ///< Set while stopping: cuts the remaining connections when it expires.
};

Connections::Connections() = default;
Connections::~Connections() = default;

void Connections::start(std::unique_ptr<net::Stream> stream, Serve serve) {
  async::Loop& loop = *async::Loop::current();
  Home* home = nullptr;
  {
    const MutexLock lock(mutex_);
    if (stopping()) return;
    std::unique_ptr<Home>& place = homes_[&loop];
    if (!place) place = std::make_unique<Home>(loop);
    home = place.get();
  }
  count_.fetch_add(1, std::memory_order_relaxed);
  home->streams.insert(stream.get());
  home->gate.spawn(run(*home, std::move(stream), std::move(serve)));
}

async::Task<void> Connections::run(Home& home, std::unique_ptr<net::Stream> stream, Serve serve) {
  co_await serve(*stream);
  home.streams.erase(stream.get());
  co_await stream->close();
  count_.fetch_sub(1, std::memory_order_relaxed);
}

void Connections::begin_stop(Home& home, std::chrono::milliseconds grace) {
  for (net::Stream* const stream : std::set(home.streams)) stream->wake();
  home.patience.emplace();
  home.patience->set(grace, [&home] {
    for (net::Stream* const stream : std::set(home.streams))
      if (home.streams.contains(stream)) stream->shutdown_now();
  });
}

async::Task<void> Connections::stop(std::chrono::milliseconds grace) {
  using std::chrono::milliseconds;
  using std::chrono::steady_clock;
  async::Loop& caller = *async::Loop::current();
  std::vector<Home*> homes;
  {
    const MutexLock lock(mutex_);
    stopping_.store(true, std::memory_order_relaxed);
    for (const auto& [loop, home] : homes_) homes.push_back(home.get());
  }
  // All loops are told and get their timers before any of them is waited for. Otherwise the
  // connections of one loop would get their grace only after those of another had used up theirs.
  const auto deadline = steady_clock::now() + grace;
  for (Home* const home : homes) {
    co_await home->loop.enter();
    const auto left = std::chrono::ceil<milliseconds>(deadline - steady_clock::now());
    begin_stop(*home, std::max(left, milliseconds(0)));
  }
  for (Home* const home : homes) {
    co_await home->loop.enter();
    co_await home->gate.wait_empty();
    home->patience.reset();  // Reset on this loop, because a timer belongs to its loop.
  }
  co_await caller.enter();
}

}  // namespace posthorn::server::frame
