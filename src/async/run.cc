#include "async/run.h"

#include <cassert>

#include "async/gate.h"
#include "async/loop.h"

namespace posthorn::async::detail {

namespace {

Task<void> stop_after(Task<void> task, Loop& loop) {
  co_await std::move(task);
  loop.stop();
}

}  // namespace

void run_to_end(Task<void> task) {
  assert(!Loop::current());
  Loop loop;
  Gate gate;
  loop.post([&] { gate.spawn(stop_after(std::move(task), loop)); });
  loop.run();
}

}  // namespace posthorn::async::detail
