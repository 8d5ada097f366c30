#pragma once

#include "base/error.h"
#include "wire/pop3/response.h"

namespace posthorn::server::pop3 {

/// Why a command that was understood could not be done. [AUTH] only where another password would
/// help: many clients forget the one they have when they see it (RFC 3206 §4).
wire::pop3::Reply reply_to(const Error& error);

}  // namespace posthorn::server::pop3
