#include "server/pop3/pop3_server.h"

#include <utility>

#include "server/pop3/session.h"

namespace posthorn::server::pop3 {

Pop3Server::Pop3Server(Pop3Context context, Pop3Options options)
    : Endpoint("pop3", wire::pop3::command_names(), std::move(options)),
      context_(std::move(context)),
      delay_(context_.store.clock()) {}

async::Task<void> Pop3Server::serve(frame::Accepted<Pop3Options> client) {
  const auto session = std::make_unique<Session>(context_, delay_, std::move(client));
  co_await session->run();
}

}  // namespace posthorn::server::pop3
