#pragma once

#include <string>

#include "app/machine/descriptors.h"
#include "auth/authenticator.h"
#include "auth/session_limits.h"
#include "auth/throttle.h"
#include "base/result.h"
#include "config/config.h"
#include "config/min_free.h"
#include "relay/options.h"
#include "server/imap/imap_server.h"
#include "server/lmtp/lmtp_server.h"
#include "server/mta/mta_server.h"
#include "server/pop3/pop3_server.h"
#include "server/submission/submission_server.h"
#include "service/forwarding/forwarder.h"

/// Converts the configuration to the options of each component.
namespace posthorn::app {

auth::ThrottleLimits throttle_limits(const config::Config& config);
auth::Authenticator::Options authenticator_options(const config::Config& config,
                                                   std::string decoy_key,
                                                   std::shared_ptr<auth::TokenPlace> tokens);
/// Returns storage.min_free, which the configuration has checked.
config::MinFree min_free(const config::Config& config);
/// What imported hashes may cost.
auth::HashLimits hash_limits(const config::Config& config);
auth::SessionLimits::Bounds session_bounds(const config::Config& config,
                                           const Descriptors& descriptors);
/// Returns networks whose texts the configuration has checked.
Networks networks_of(const std::vector<std::string>& texts);

server::imap::ImapOptions imap_options(const config::Config& config);
server::pop3::Pop3Options pop3_options(const config::Config& config);
server::lmtp::LmtpOptions lmtp_options(const config::Config& config);
server::mta::MtaOptions mta_options(const config::Config& config);
server::submission::SubmissionOptions submission_options(const config::Config& config);
service::ForwardingRules forwarding_rules(const config::Config& config);
/// Also reads the file of certificate authorities. Errors: bad_argument.
Result<relay::RelayOptions> relay_options(const config::Config& config);

}  // namespace posthorn::app
