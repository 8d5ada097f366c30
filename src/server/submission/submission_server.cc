#include "server/submission/submission_server.h"

#include <utility>

#include "server/submission/session.h"

namespace posthorn::server::submission {

SubmissionServer::SubmissionServer(SubmissionContext context, SubmissionOptions options)
    : Endpoint("submission", wire::smtp::command_names(), std::move(options)),
      context_(std::move(context)) {}

async::Task<void> SubmissionServer::serve(frame::Accepted<SubmissionOptions> client) {
  const auto session = std::make_unique<Session>(context_, std::move(client));
  co_await session->run();
}

}  // namespace posthorn::server::submission
