#include "server/submission/submission_server.h"

#include <mutex>

#include "server/dialogue/connections.h"
#include "server/submission/session.h"

namespace posthorn::server::submission {

struct SubmissionServer::State {
  State(SubmissionContext with, SubmissionOptions with_options) : context(std::move(with)) {
    set_options(std::move(with_options));
  }
  const SubmissionContext context;
  std::mutex mutex;
  std::shared_ptr<const SubmissionOptions> options;
  dialogue::Connections connections;

  void set_options(SubmissionOptions fresh) {
    auto shared = std::make_shared<const SubmissionOptions>(std::move(fresh));
    const std::lock_guard lock(mutex);
    options = std::move(shared);
  }
  std::shared_ptr<const SubmissionOptions> current() {
    const std::lock_guard lock(mutex);
    return options;
  }
};

namespace {

async::Task<void> serve(const SubmissionContext& context,
                        std::shared_ptr<const SubmissionOptions> options,
                        const dialogue::Connections& connections, net::Stream& stream,
                        SubmissionServer::Transport transport) {
  // On the heap: what a session is does not belong into the frame of who waits for it.
  const auto session = std::make_unique<Session>(context, std::move(options), connections, stream);
  co_await session->run(transport);
}

}  // namespace

SubmissionServer::SubmissionServer(SubmissionContext context, SubmissionOptions options)
    : state_(std::make_shared<State>(std::move(context), std::move(options))) {}

SubmissionServer::~SubmissionServer() = default;

void SubmissionServer::accept(std::unique_ptr<net::Stream> stream, Transport transport) {
  State& state = *state_;
  state.connections.start(std::move(stream), [&state, transport](net::Stream& s) {
    return serve(state.context, state.current(), state.connections, s, transport);
  });
}

void SubmissionServer::set_options(SubmissionOptions options) {
  state_->set_options(std::move(options));
}

async::Task<void> SubmissionServer::stop(std::chrono::milliseconds grace) {
  return state_->connections.stop(grace);
}

std::size_t SubmissionServer::sessions() const { return state_->connections.count(); }

}  // namespace posthorn::server::submission
