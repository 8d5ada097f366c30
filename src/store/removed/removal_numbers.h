#pragma once

#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/result.h"

namespace posthorn::store {

/// How an account's removals are numbered: the last message that the changes up to `seq` removed
/// has the UID below `uid_next`, the one removed before it the next lower one, and so on. Removals
/// after `seq` continue from `uid_next`.
///
/// So every UID follows from one such value and the account's log, as long as the log still has
/// everything after `seq`. The value is therefore stored as a hint only (Engine::hint), and moved
/// on from time to time. If it is lost or too old, numbering begins anew at the oldest change that
/// the log still has. UIDVALIDITY then is the time of that change: the same on every node, and
/// greater than before, because the log has lost its older part since (RFC 9051 §2.3.1.1).
struct RemovalNumbers {
  UidValidity uid_validity;
  Seq seq;
  Uid uid_next{1};
  friend bool operator==(const RemovalNumbers&, const RemovalNumbers&) = default;
};
std::string encode_removal_numbers(const RemovalNumbers& numbers);
/// Errors: corrupt, not_supported.
Result<RemovalNumbers> decode_removal_numbers(std::string_view record);

}  // namespace posthorn::store
