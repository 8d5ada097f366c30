#include "server/lmtp/lmtp_server.h"

#include <mutex>

#include "server/dialogue/connections.h"
#include "server/lmtp/session.h"

namespace posthorn::server::lmtp {

struct LmtpServer::State {
  State(LmtpContext with, LmtpOptions with_options)
      : context(std::move(with)), options(std::move(with_options)) {}
  const LmtpContext context;
  std::mutex mutex;
  LmtpOptions options;
  dialogue::Connections connections;

  LmtpOptions current() {
    const std::lock_guard lock(mutex);
    return options;
  }
};

namespace {

async::Task<void> serve(const LmtpContext& context, LmtpOptions options,
                        const dialogue::Connections& connections, net::Stream& stream) {
  // On the heap: what a session is does not belong into the frame of who waits for it.
  const auto session = std::make_unique<Session>(context, std::move(options), connections, stream);
  co_await session->run();
}

}  // namespace

LmtpServer::LmtpServer(LmtpContext context, LmtpOptions options)
    : state_(std::make_shared<State>(std::move(context), std::move(options))) {}

LmtpServer::~LmtpServer() = default;

void LmtpServer::accept(std::unique_ptr<net::Stream> stream) {
  State& state = *state_;
  state.connections.start(std::move(stream), [&state](net::Stream& s) {
    return serve(state.context, state.current(), state.connections, s);
  });
}

void LmtpServer::set_options(LmtpOptions options) {
  const std::lock_guard lock(state_->mutex);
  state_->options = std::move(options);
}

async::Task<void> LmtpServer::stop(std::chrono::milliseconds grace) {
  return state_->connections.stop(grace);
}

std::size_t LmtpServer::sessions() const { return state_->connections.count(); }

}  // namespace posthorn::server::lmtp
