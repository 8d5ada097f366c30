#pragma once

#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "store/change/change.h"
#include "store/value/mailbox.h"

namespace posthorn::store {

/// The effect of a Change on one mailbox so far, and the draft of its new version.
struct Change::Touched {
  explicit Touched(const Mailbox& from) : now(from) {}

  struct Reflagged {
    Uid uid;
    FlagState before;
    FlagState after;
  };

  Mailbox now;
  std::shared_ptr<KeywordTable> own_keywords;  ///< Set when a keyword was added.
  std::vector<std::pair<Member, FlagState>> appended;
  std::vector<Reflagged> reflagged;
  std::vector<std::pair<Member, FlagState>> expunged;
  bool created = false;
  bool deleted = false;
  bool renamed = false;           ///< The name or special use changed.
  bool annotated = false;         ///< An annotation changed.
  bool granted = false;           ///< The access control list changed.
  bool rebuilt = false;           ///< The head is written although no message changed.
  bool rewritten = false;         ///< In addition, all rows are rewritten.
  std::vector<Seq> flag_changes;  ///< Unreadable records that are to be removed.

  std::shared_ptr<ReadersFlags> own_readers;  ///< Set when somebody's own flags changed.
  std::map<AccountId, std::shared_ptr<ReaderFlags>> own_flags;  ///< Those that changed.

  [[nodiscard]] bool messages_changed() const {
    return !appended.empty() || !reflagged.empty() || !expunged.empty();
  }
  /// Whether there is anything to write about the mailbox.
  [[nodiscard]] bool changed() const {
    return created || deleted || renamed || annotated || granted || rebuilt || !own_flags.empty() ||
           messages_changed();
  }
};

/// Updates the head's counters for a change of flags of a message of this size.
void count_flags(MailboxHead& head, std::uint32_t size, SystemFlags before, SystemFlags after);

}  // namespace posthorn::store
