#include "server/dialogue/connections.h"

#include <set>
#include <utility>
#include <vector>

#include "async/event.h"
#include "async/gate.h"
#include "async/loop.h"

namespace posthorn::server::dialogue {

struct Connections::Home {
  explicit Home(async::Loop& of) : loop(of) {}
  async::Loop& loop;
  async::Gate gate;
  std::set<net::Stream*> streams;
};

Connections::Connections() = default;
Connections::~Connections() = default;

void Connections::start(std::unique_ptr<net::Stream> stream, Serve serve) {
  async::Loop& loop = *async::Loop::current();
  Home* home = nullptr;
  {
    const std::lock_guard lock(mutex_);
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

async::Task<void> Connections::stop_at(Home& home, std::chrono::milliseconds grace) {
  co_await home.loop.enter();
  async::Timer patience;
  for (net::Stream* const stream : std::set(home.streams)) stream->wake();
  patience.set(grace, [&home] {
    for (net::Stream* const stream : std::set(home.streams))
      if (home.streams.contains(stream)) stream->shutdown_now();
  });
  co_await home.gate.wait_empty();
}

async::Task<void> Connections::stop(std::chrono::milliseconds grace) {
  async::Loop& caller = *async::Loop::current();
  std::vector<Home*> homes;
  {
    const std::lock_guard lock(mutex_);
    stopping_.store(true, std::memory_order_relaxed);
    for (const auto& [loop, home] : homes_) homes.push_back(home.get());
  }
  for (Home* const home : homes) co_await stop_at(*home, grace);
  co_await caller.enter();
}

}  // namespace posthorn::server::dialogue
