#pragma once

#include <string>

#include "base/result.h"
#include "store/change/change.h"

namespace posthorn::service {

/// Moves the subscriptions of a mailbox, and of those below it, with its name. RFC 9051 §6.3.6
/// leaves this open. Errors: those of Change::subscribe.
Status move_subscriptions(store::Change& change, const std::string& from, const std::string& to);

}  // namespace posthorn::service
