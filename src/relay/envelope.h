#pragma once

#include <cstddef>
#include <span>

#include "client/smtp_client.h"
#include "store/value/outbox.h"

namespace posthorn::relay {

/// The entry's envelope for these recipients, in their order, with all that the sender asked for.
/// An address that is none (which none should be) comes out as the null path.
client::SmtpEnvelope make_envelope(const store::OutboxEntry& entry,
                                   std::span<const std::size_t> recipients);

}  // namespace posthorn::relay
