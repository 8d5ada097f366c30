#pragma once

#include <memory>
#include <utility>

#include "store/format/flag_replay.h"
#include "store/read/load.h"

namespace posthorn::store {

/// Whether what rows refer to may be lost (salvage_contents).
enum class Trust : std::uint8_t { whole, salvaged };

/// Puts a mailbox's contents together from its stored rows, and counts them.
class ContentsBuilder {
 public:
  /// No row gets a MODSEQ below `floor` (store/read/behind.h). With Trust::salvaged, keywords whose
  /// names are lost get new ones.
  ContentsBuilder(const Mailbox& mailbox, ModSeq floor, Trust trust = Trust::whole)
      : stored_(mailbox.head),
        keywords_(std::make_shared<KeywordTable>(*mailbox.keywords)),
        floor_(floor),
        trust_(trust),
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
  const ModSeq floor_;
  const Trust trust_;
  TreeEditor editor_;
  FlagReplay replay_;
  MailboxHead counted_;
  Uid last_{0};
  bool ordered_ = true;
};

}  // namespace posthorn::store
