#pragma once

#include <string>

#include "base/error.h"
#include "wire/smtp/reply.h"

namespace posthorn::server::smtp {

/// Returns the reply for a recipient that is refused or whose delivery failed: 550 5.1.1 if nobody
/// has the address, 550 5.2.1 if it is disabled, 552 5.2.2 over quota, 451 4.3.0 for a server
/// error.
wire::smtp::Reply reply_of(const Error& error);

/// Returns the reply for a recipient whose mail cannot be sent on to other servers
/// (service/forwarding): 554 5.4.6 for a loop, 451 4.3.5 if there is no relay, 450 4.7.1 if too
/// much was sent on, 550 5.7.1 for a return path that is forged or has expired; otherwise
/// reply_of().
wire::smtp::Reply forwarding_reply_of(const Error& error);

/// Returns the reply while the disk is nearly full (store/low_space.h): 452 4.3.1.
wire::smtp::Reply low_space_reply(const Error& error);

}  // namespace posthorn::server::smtp
