#pragma once

#include <string>

#include "base/result.h"
#include "config/config.h"

/// The settings of a mail transfer agent in front of this server.
namespace posthorn::app {

/// Postfix's name of the way to this server by LMTP, such as "lmtp:unix:posthorn/lmtp.sock"; empty
/// if LMTP is not configured.
std::string lmtp_transport(const config::Config& config);

/// Return the lines to put into the configuration of Postfix, Exim or chasquid, with comments for
/// people. Errors: bad_argument if a listener that they need is not configured; the text names all
/// that are missing.
Result<std::string> postfix_lines(const config::Config& config);
Result<std::string> exim_lines(const config::Config& config);
Result<std::string> chasquid_lines(const config::Config& config);

}  // namespace posthorn::app
