#include "server/imap/imap_server.h"

#include <utility>

#include "server/imap/command_table.h"
#include "server/imap/session.h"

namespace posthorn::server::imap {

ImapServer::ImapServer(ImapContext context, ImapOptions options)
    : Endpoint("imap", command_names(), std::move(options)), context_(std::move(context)) {}

async::Task<void> ImapServer::serve(frame::Accepted<ImapOptions> client) {
  const auto session = std::make_unique<Session>(context_, std::move(client));
  co_await session->run();
}

}  // namespace posthorn::server::imap
