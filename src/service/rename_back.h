#pragma once

#include <map>
#include <string>

#include "base/result.h"
#include "store/change/change.h"

namespace posthorn::service {

/// Gives mailboxes the names that they had at some time, with their subscriptions. `then` has all
/// mailboxes that exist now and existed then; others below them move along. What stands in the way
/// of a name, and did not exist then, is renamed to "NAME (later)". If two have the same name in
/// `then`, the later one keeps what it has. Errors: those of renaming.
Status rename_back(store::Change& change, std::map<MailboxId, std::string> then);

}  // namespace posthorn::service
