#pragma once

#include <string>

#include "base/error.h"
#include "wire/smtp/reply.h"

namespace posthorn::server::lmtp {

/// What a recipient is answered when it cannot be taken, or its delivery failed: 550 5.1.1 nobody
/// has the address, 550 5.2.1 disabled, 552 5.2.2 over quota, 451 4.3.0 for trouble here.
wire::smtp::Reply reply_of(const Error& error);

}  // namespace posthorn::server::lmtp
