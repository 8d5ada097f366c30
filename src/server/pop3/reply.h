#pragma once

#include "base/error.h"
#include "wire/pop3/response.h"

namespace posthorn::server::pop3 {

/// Returns the reply for a command that was understood and failed. [AUTH] is used only where
/// another password would help, because many clients discard the stored one when they see it (RFC
/// 3206 §4).
wire::pop3::Reply reply_to(const Error& error);

}  // namespace posthorn::server::pop3
