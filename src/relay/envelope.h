#pragma once

#include <cstddef>
#include <span>

#include "client/smtp_client.h"
#include "store/value/outbox.h"

namespace posthorn::relay {

/// Returns the entry's envelope for these recipients, in their order, with all parameters that the
/// sender requested. An invalid address, which should not occur, becomes the null path.
client::SmtpEnvelope make_envelope(const store::OutboxEntry& entry,
                                   std::span<const std::size_t> recipients);

}  // namespace posthorn::relay
