#include "server/mta/auth_server.h"

#include <memory>
#include <utility>

#include "server/mta/auth_session.h"

namespace posthorn::server::mta {

AuthServer::AuthServer(const MtaContext& context, MtaOptions options)
    : Endpoint("auth_socket", {"request"}, std::move(options)), context_(context) {}

async::Task<void> AuthServer::serve(frame::Accepted<MtaOptions> client) {
  const auto session = std::make_unique<AuthSession>(context_, std::move(client));
  co_await session->run();
}

}  // namespace posthorn::server::mta
