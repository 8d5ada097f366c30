#pragma once

#include "server/mta/mta_server.h"

namespace posthorn::server::mta {

/// Says whether a user exists, by the part of Dovecot's protocol that chasquid uses for its
/// recipients (wire/mta/auth_protocol.h). Aliases exist too. An account that is disabled does not:
/// it takes no mail. Of a mailbox that is full, or while the disk is, the answer is a failure,
/// which chasquid passes on as a temporary one.
class UserServer final : public frame::Endpoint<MtaOptions> {
 public:
  UserServer(const MtaContext& context, MtaOptions options);

 private:
  async::Task<void> serve(frame::Accepted<MtaOptions> client) override;

  const MtaContext context_;
};

}  // namespace posthorn::server::mta
