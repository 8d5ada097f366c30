#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "base/flags.h"
#include "base/ids.h"
#include "base/number_set.h"
#include "store/value/members.h"

namespace posthorn::store {

/// Which messages of a shared mailbox one person has seen, as far as that differs from the \Seen
/// that is stored with the messages (RFC 4314 §4 has \Seen for each user).
///
/// While a mailbox is shared, the stored \Seen of a message never changes. It is what everybody
/// starts from: what it was when the mailbox was shared, or was delivered with. Whatever a user
/// does to \Seen is kept here, the owner's doings too, so that nobody else is told of them.
///
/// Immutable once published. Holds no UIDs of messages that no longer exist.
struct ReaderSeen {
  /// What one change did: the \Seen of these messages. A message is in the newest step that changed
  /// it.
  struct Step {
    ModSeq modseq;
    NumberSet uids;
  };
  /// Beyond this, the oldest two become one with the MODSEQ of the newer. Clients are then told of
  /// some changes twice.
  static constexpr std::size_t kMaxSteps = 48;

  NumberSet seen;           ///< Seen, and stored without \Seen.
  NumberSet unseen;         ///< Not seen, and stored with \Seen.
  std::vector<Step> steps;  ///< Ascending.
  PageNumber page;          ///< Where it is stored if it is too long for a row; else 0.

  [[nodiscard]] bool is_seen(Uid uid, SystemFlags stored) const {
    return (stored & bit(SystemFlag::seen)) == 0 ? seen.contains(uid.value)
                                                 : !unseen.contains(uid.value);
  }
  /// The MODSEQ of the last change to the message's \Seen; 0 if there was none.
  [[nodiscard]] ModSeq modseq_of(Uid uid) const;
  [[nodiscard]] ModSeq highest_modseq() const {
    return steps.empty() ? ModSeq(0) : steps.back().modseq;
  }
  /// The messages whose \Seen was changed by changes above `since`.
  [[nodiscard]] NumberSet changed_since(ModSeq since) const;
  /// The flags of a message as this person sees them.
  [[nodiscard]] FlagState shown(Uid uid, const FlagState& stored) const;
  /// The number of unseen messages, given the number of those stored without \Seen.
  [[nodiscard]] std::uint32_t count_unseen(std::uint32_t stored_unseen) const;

  /// Records that these messages are now seen, or no longer. `stored` are those of them that are
  /// stored with \Seen.
  void set(const NumberSet& uids, const NumberSet& stored, bool to_seen, ModSeq modseq);
  /// Returns whether anything is known of these messages.
  [[nodiscard]] bool knows_any_of(const NumberSet& uids) const;
  /// Forgets messages that were removed.
  void forget(const NumberSet& uids);
};

/// Everybody's, by account.
using ReadersSeen = std::map<AccountId, std::shared_ptr<const ReaderSeen>>;

}  // namespace posthorn::store
