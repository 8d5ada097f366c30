#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "base/flags.h"
#include "base/ids.h"
#include "base/number_set.h"
#include "store/value/members.h"
#include "store/value/own_keywords.h"

namespace posthorn::store {

/// Which flags of a mailbox belong to each of its users (value/sharing_entries.h).
struct OwnFlags {
  /// Those that can, besides \Seen. \Deleted is about what is removed for all, and \Draft about the
  /// message.
  static constexpr SystemFlags kMarks = bit(SystemFlag::flagged) | bit(SystemFlag::answered);

  SystemFlags system = 0;
  bool keywords = false;

  [[nodiscard]] bool any() const { return system != 0 || keywords; }
  [[nodiscard]] OwnFlags without(const OwnFlags& other) const {
    return {static_cast<SystemFlags>(system & ~other.system), keywords && !other.keywords};
  }
};

/// What a change does to the flags that one person alone sees.
struct OwnFlagsEdit {
  NumberSet to_seen = {};
  NumberSet to_unseen = {};
  NumberSet stored = {};           ///< Those of these that are stored with \Seen.
  NumberSet flagged = {};          ///< Where \Flagged changes.
  NumberSet answered = {};         ///< Where \Answered changes.
  OwnKeywords keywords = {};       ///< Where others than the stored keywords are shown from now on.
  NumberSet stored_keywords = {};  ///< Where the stored ones are shown again.

  /// Notes the difference between two sets of system flags of a message, of which `own` are the
  /// person's. UIDs must come in ascending order.
  void add(Uid uid, SystemFlags stored_with, SystemFlags before, SystemFlags after,
           SystemFlags own);
  /// The messages that are changed.
  [[nodiscard]] NumberSet uids() const;
};

/// Which flags one person sees in a shared mailbox, as far as they differ from those that are
/// stored with the messages (RFC 4314 §4 has \Seen for each user; value/sharing_entries.h for
/// others).
///
/// While a flag is everybody's own, the stored one of a message never changes. It is what everybody
/// starts from: what it was when the mailbox was shared, or was delivered with. Whatever a user
/// does to it is kept here, the owner's doings too, so that nobody else is told of them.
///
/// Immutable once published. Holds no UIDs of messages that no longer exist.
struct ReaderFlags {
  /// What one change did: the own flags of these messages. A message is in the newest step that
  /// changed it.
  struct Step {
    ModSeq modseq;
    NumberSet uids;
  };
  /// Beyond this, the oldest two become one with the MODSEQ of the newer. Clients are then told of
  /// some changes twice.
  static constexpr std::size_t kMaxSteps = 48;

  NumberSet seen;           ///< Seen, and stored without \Seen.
  NumberSet unseen;         ///< Not seen, and stored with \Seen.
  NumberSet flagged;        ///< With \Flagged and stored without it, or the other way round.
  NumberSet answered;       ///< The same for \Answered.
  OwnKeywords keywords;     ///< Where the keywords differ.
  std::vector<Step> steps;  ///< Ascending.
  PageNumber page;          ///< Where it is stored if it is too long for a row; else 0.

  /// The system flags of a message as this person sees them.
  [[nodiscard]] SystemFlags shown(Uid uid, SystemFlags stored) const;
  /// The MODSEQ of the last change to what this person alone sees of the message; 0 if there was
  /// none.
  [[nodiscard]] ModSeq modseq_of(Uid uid) const;
  [[nodiscard]] ModSeq highest_modseq() const {
    return steps.empty() ? ModSeq(0) : steps.back().modseq;
  }
  /// The messages of which that was changed by changes above `since`.
  [[nodiscard]] NumberSet changed_since(ModSeq since) const;
  /// The flags of a message as this person sees them. KeywordsView knows what its keywords are.
  [[nodiscard]] FlagState shown(Uid uid, const FlagState& stored) const;
  /// The number of unseen messages, given the number of those stored without \Seen.
  [[nodiscard]] std::uint32_t count_unseen(std::uint32_t stored_unseen) const;
  /// The messages of which some of these flags differ from the stored ones.
  [[nodiscard]] NumberSet differing(const OwnFlags& flags) const;

  void change(const OwnFlagsEdit& edit, ModSeq modseq);
  /// Returns whether anything is known of these messages.
  [[nodiscard]] bool knows_any_of(const NumberSet& uids) const;
  /// Forgets messages that were removed.
  void forget(const NumberSet& uids);
  /// Forgets all of these flags, which are shared from now on.
  void forget(const OwnFlags& flags);
};

/// Everybody's, by account.
using ReadersFlags = std::map<AccountId, std::shared_ptr<const ReaderFlags>>;

}  // namespace posthorn::store
