#pragma once

#include <cstdint>
#include <string_view>

#include "async/task.h"
#include "base/clock.h"
#include "base/result.h"
#include "service/delivery/recipient.h"
#include "service/sending/sending_rules.h"
#include "store/account.h"

/// What an account may send.
namespace posthorn::service {

/// Whether mail of the account may bear this address: its own, an alias, either with a detail, or
/// one granted to it (SendingSettings::may_send_as), where "@example.org" stands for all of a
/// domain. Errors: those of `find`.
async::Task<Result<bool>> may_send_as(const FindAddress& find, std::string_view separator,
                                      store::AccountPtr account, EnvelopeAddress address);

/// Whether one message more, to so many recipients, is within the limits. Errors: limit with a
/// sentence for the sender (later it may go); bad_argument when it never can.
Status check_limits(const store::SendingUsage& usage, const SendingLimits& limits,
                    std::uint32_t recipients, Timestamp now);

/// Whether a copy of what it sends is filed.
bool keeps_sent(const store::AccountState& state, const SendingRules& rules);

}  // namespace posthorn::service
