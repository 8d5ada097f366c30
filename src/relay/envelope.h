#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "client/smtp_client.h"
#include "store/value/outbox.h"

namespace posthorn::relay {

/// Returns the entry's envelope for these recipients, in their order, with all parameters that the
/// sender requested. An invalid address, which should not occur, becomes the null path.
client::SmtpEnvelope make_envelope(const store::OutboxEntry& entry,
                                   std::span<const std::size_t> recipients);

/// Returns the connection over which the entry was submitted (net::Stream::id()), for the log; 0 if
/// the entry does not say.
std::uint64_t session_of(const store::OutboxEntry& entry);

}  // namespace posthorn::relay
