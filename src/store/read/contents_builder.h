#pragma once

#include <memory>
#include <utility>

#include "store/format/flag_replay.h"
#include "store/read/load.h"

namespace posthorn::store {

/// Puts a mailbox's contents together from its stored rows, and counts them.
class ContentsBuilder {
 public:
  explicit ContentsBuilder(const Mailbox& mailbox)
      : stored_(mailbox.head),
        keywords_(std::make_shared<KeywordTable>(*mailbox.keywords)),
        editor_(Contents{}) {
    counted_.uid_validity = stored_.uid_validity;
    counted_.uid_next = stored_.uid_next;
    counted_.highest_modseq = stored_.highest_modseq;
  }

  /// A flag change that is in no row yet; before the rows, in the order of the changes.
  void add(Seq seq, const JournalRecord& change) { replay_.add(seq, change); }
  /// A row that is not above all before it is left out: see is_ordered().
  void add(StoredRow row);
  /// False when a row was left out.
  [[nodiscard]] bool is_ordered() const { return ordered_; }
  LoadedContents finish(MailboxStorage storage) &&;

 private:
  const MailboxHead stored_;
  std::shared_ptr<KeywordTable> keywords_;
  TreeEditor editor_;
  FlagReplay replay_;
  MailboxHead counted_;
  Uid last_{0};
  bool ordered_ = true;
};

}  // namespace posthorn::store
