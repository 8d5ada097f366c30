#include "server/pop3/pop3_server.h"

#include <mutex>

#include "server/dialogue/connections.h"
#include "server/pop3/login_delay.h"
#include "server/pop3/session.h"

namespace posthorn::server::pop3 {

struct Pop3Server::State {
  State(Pop3Context with, Pop3Options with_options)
      : context(std::move(with)), delay(context.store.clock()) {
    set_options(std::move(with_options));
  }
  const Pop3Context context;
  LoginDelay delay;
  std::mutex mutex;
  std::shared_ptr<const Pop3Options> options;
  dialogue::Connections connections;

  void set_options(Pop3Options fresh) {
    auto shared = std::make_shared<const Pop3Options>(std::move(fresh));
    const std::lock_guard lock(mutex);
    options = std::move(shared);
  }
  std::shared_ptr<const Pop3Options> current() {
    const std::lock_guard lock(mutex);
    return options;
  }
};

namespace {

async::Task<void> serve(Session::Parts parts, net::Stream& stream,
                        Pop3Server::Transport transport) {
  // On the heap: what a session is does not belong into the frame of who waits for it.
  const auto session = std::make_unique<Session>(std::move(parts), stream);
  co_await session->run(transport);
}

}  // namespace

Pop3Server::Pop3Server(Pop3Context context, Pop3Options options)
    : state_(std::make_shared<State>(std::move(context), std::move(options))) {}

Pop3Server::~Pop3Server() = default;

void Pop3Server::accept(std::unique_ptr<net::Stream> stream, Transport transport) {
  State& state = *state_;
  state.connections.start(std::move(stream), [&state, transport](net::Stream& s) {
    return serve({state.context, state.current(), state.delay, state.connections}, s, transport);
  });
}

void Pop3Server::set_options(Pop3Options options) { state_->set_options(std::move(options)); }

async::Task<void> Pop3Server::stop(std::chrono::milliseconds grace) {
  return state_->connections.stop(grace);
}

std::size_t Pop3Server::sessions() const { return state_->connections.count(); }

}  // namespace posthorn::server::pop3
