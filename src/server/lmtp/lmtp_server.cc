#include "server/lmtp/lmtp_server.h"

#include <utility>

#include "server/lmtp/session.h"

namespace posthorn::server::lmtp {

LmtpServer::LmtpServer(LmtpContext context, LmtpOptions options)
    : Endpoint("lmtp", wire::smtp::command_names(), std::move(options)),
      context_(std::move(context)) {}

async::Task<void> LmtpServer::serve(frame::Accepted<LmtpOptions> client) {
  const auto session = std::make_unique<Session>(context_, std::move(client));
  co_await session->run();
}

}  // namespace posthorn::server::lmtp
