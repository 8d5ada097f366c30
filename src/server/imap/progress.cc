#include "server/imap/progress.h"

#include <algorithm>

namespace posthorn::server::imap {

namespace wi = wire::imap;

Progress::Progress(Session& session, std::uint32_t goal) : session_(session), goal_(goal) {
  if (session.is_offered("INPROGRESS")) say_later();
}

void Progress::say_later() {
  timer_.set(session_.options->progress_interval, [this] {
    // A client that takes nothing gets nothing more.
    if (flushing_.running() == 0) say();
    say_later();
  });
}

void Progress::say() {
  wi::code::InProgress code{.tag = session_.tag, .progress = {}, .goal = {}};
  if (goal_ != 0) {
    // RFC 9585: the goal is never reached; the tagged response says that instead.
    code.progress = std::min(done_.load(std::memory_order_relaxed), goal_ - 1);
    code.goal = goal_;
  }
  session_.say(wi::Condition::ok, code, "Still working");
  flushing_.spawn(flush());
}

async::Task<void> Progress::flush() {
  if (auto flushed = co_await session_.connection.flush(); !flushed) {
    session_.lost();
    session_.given_up = true;
  }
}

async::Task<void> Progress::finish() {
  timer_.cancel();
  co_await flushing_.wait_empty();
}

}  // namespace posthorn::server::imap
