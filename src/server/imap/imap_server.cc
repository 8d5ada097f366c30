#include "server/imap/imap_server.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>
#include <mutex>
#include <set>
#include <utility>

#include "async/event.h"
#include "async/gate.h"
#include "async/loop.h"
#include "server/imap/session.h"

namespace posthorn::server::imap {

using async::Task;

/// The sessions of one loop; touched by its thread only.
struct LoopSessions {
  async::Gate gate;
  std::set<Session*> sessions;
  bool stopping = false;
};

struct ImapServer::State {
  ImapContext context;
  std::mutex mutex;
  std::shared_ptr<const ImapOptions> options;
  std::map<async::Loop*, std::shared_ptr<LoopSessions>> loops;
  bool stopping = false;
  std::atomic<std::size_t> count = 0;

  explicit State(ImapContext c) : context(std::move(c)) {}

  std::shared_ptr<LoopSessions> here() {
    const std::scoped_lock lock(mutex);
    auto& loop = loops[async::Loop::current()];
    if (loop == nullptr) loop = std::make_shared<LoopSessions>();
    loop->stopping = loop->stopping || stopping;
    return loop;
  }
};

namespace {

Task<void> serve(std::unique_ptr<Session> session, std::shared_ptr<LoopSessions> loop,
                 std::atomic<std::size_t>& count, ImapServer::Transport transport) {
  loop->sessions.insert(session.get());
  ++count;
  co_await session->run(transport);
  loop->sessions.erase(session.get());
  --count;
}

/// On the sessions' loop: they are told, get their time, and then are cut.
Task<void> stop_here(std::shared_ptr<LoopSessions> loop, std::chrono::milliseconds grace) {
  for (Session* session : std::set(loop->sessions)) session->stop();
  async::Timer timer;
  timer.set(grace, [loop] {
    for (Session* session : std::set(loop->sessions)) session->cut();
  });
  co_await loop->gate.wait_empty();
}

}  // namespace

ImapServer::ImapServer(ImapContext context, ImapOptions options)
    : state_(std::make_shared<State>(std::move(context))) {
  set_options(std::move(options));
}

ImapServer::~ImapServer() = default;

void ImapServer::set_options(ImapOptions options) {
  auto shared = std::make_shared<const ImapOptions>(std::move(options));
  const std::scoped_lock lock(state_->mutex);
  state_->options = std::move(shared);
}

void ImapServer::accept(std::unique_ptr<net::Stream> stream, Transport transport) {
  const auto loop = state_->here();
  if (loop->stopping) return;
  std::shared_ptr<const ImapOptions> options;
  {
    const std::scoped_lock lock(state_->mutex);
    options = state_->options;
  }
  auto session = std::make_unique<Session>(state_->context, std::move(options), std::move(stream));
  loop->gate.spawn(serve(std::move(session), loop, state_->count, transport));
}

Task<void> ImapServer::stop(std::chrono::milliseconds grace) {
  std::map<async::Loop*, std::shared_ptr<LoopSessions>> loops;
  {
    const std::scoped_lock lock(state_->mutex);
    state_->stopping = true;
    loops = state_->loops;
  }
  async::Loop* const home = async::Loop::current();
  // All are told first, so that one time of grace is enough for all.
  for (const auto& [loop, sessions] : loops) {
    co_await loop->enter();
    sessions->stopping = true;
    for (Session* session : std::set(sessions->sessions)) session->stop();
  }
  const auto deadline = std::chrono::steady_clock::now() + grace;
  for (const auto& [loop, sessions] : loops) {
    co_await loop->enter();
    const auto left = deadline - std::chrono::steady_clock::now();
    co_await stop_here(sessions,
                       std::max(std::chrono::milliseconds(0),
                                std::chrono::duration_cast<std::chrono::milliseconds>(left)));
  }
  co_await home->enter();
}

std::size_t ImapServer::sessions() const { return state_->count; }

}  // namespace posthorn::server::imap
