#pragma once

#include "server/mta/mta_server.h"

namespace posthorn::server::mta {

/// Checks the logins of a mail transfer agent's clients by the Dovecot authentication protocol
/// (wire/mta/auth_protocol.h), as Postfix, Exim and chasquid speak it. All mechanisms are offered
/// that need no channel binding. Failures count against the address that the agent names.
///
/// A password in clear is accepted only if the agent says that its client's connection is secured,
/// or if MtaOptions::plaintext allows it. Many authentications may be in progress on one
/// connection. When the server stops, the connections are closed.
class AuthServer final : public frame::Endpoint<MtaOptions> {
 public:
  AuthServer(const MtaContext& context, MtaOptions options);

 private:
  async::Task<void> serve(frame::Accepted<MtaOptions> client) override;

  const MtaContext context_;
};

}  // namespace posthorn::server::mta
