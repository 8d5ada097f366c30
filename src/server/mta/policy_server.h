#pragma once

#include "server/mta/mta_server.h"

namespace posthorn::server::mta {

/// Answers Postfix's policy requests (wire/mta/policy.h), so that a message is refused while its
/// sender is still connected:
///
/// - for each recipient in a domain of ours: unknown, disabled, and over quota, counting the size
///   that the sender announced, also of the account that an alias leads to;
/// - a message that is larger than this server accepts;
/// - a sender address that the user who logged in may not use;
/// - the limits of what that user may send. Messages are counted when Postfix asks at the end of
///   the data (smtpd_end_of_data_restrictions).
///
/// Everything else is answered DUNNO: other restrictions decide.
class PolicyServer final : public frame::Endpoint<MtaOptions> {
 public:
  PolicyServer(const MtaContext& context, MtaOptions options);

 private:
  async::Task<void> serve(frame::Accepted<MtaOptions> client) override;

  const MtaContext context_;
};

}  // namespace posthorn::server::mta
