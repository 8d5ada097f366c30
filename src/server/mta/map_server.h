#pragma once

#include "server/mta/mta_server.h"

namespace posthorn::server::mta {

/// Answers Postfix's look-ups (wire/mta/socketmap.h). The maps:
///
/// - domains: a domain whose mail is kept here, for virtual_mailbox_domains;
/// - mailboxes: an address that LMTP accepts, for virtual_mailbox_maps. The value is the name of
///   the account, or the address itself if there is not just one;
/// - aliases: an address that is an alias, for virtual_alias_maps. The value is the address of the
///   account. An account whose name has no domain has no aliases here: they are in `mailboxes`. So
///   are those that lead to other servers: the mail has to come here by LMTP, where the return path
///   is rewritten before it is sent on (service/forwarding);
/// - senders: the login names that may use a sender address, for smtpd_sender_login_maps: its
///   owner, and of a team also the members that may send as it;
/// - transports: the way to the mailboxes of a domain of ours, or of an address in it, for
///   transport_maps.
class MapServer final : public frame::Endpoint<MtaOptions> {
 public:
  MapServer(const MtaContext& context, MtaOptions options);

 private:
  async::Task<void> serve(frame::Accepted<MtaOptions> client) override;

  const MtaContext context_;
};

}  // namespace posthorn::server::mta
