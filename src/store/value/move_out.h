#pragma once

#include <cstdint>

#include "base/ids.h"
#include "base/number_set.h"
#include "store/value/outbox.h"

namespace posthorn::store {

/// A MOVE to another account that has begun. It is noted in the account of the source before the
/// messages are stored in the target; what they are stored by there has the intent of intent_of().
/// Whether the target has them is therefore known after a crash, and they are then removed from the
/// source (upkeep/finish_moves.h).
struct MoveOut {
  Seq id;  ///< The change that noted it.
  AccountId target;
  MailboxId source;
  NumberSet uids;  ///< Of the source, with at most kMostUids members.

  /// What fits into a row, however they are spread.
  static constexpr std::size_t kMostUids = 10'000;
};

/// The intent of the change that stores the messages in the target's account.
inline IntentId intent_of(const AccountId& source, Seq id) {
  // No outbox entry has so many recipients.
  return {source, OutboxId(id.value), UINT32_MAX};
}

}  // namespace posthorn::store
