#pragma once

#include <memory>
#include <utility>

#include "store/format/flag_replay.h"
#include "store/read/load.h"

namespace posthorn::store {

/// Whether data that rows refer to may be lost (salvage_contents).
enum class Trust : std::uint8_t { whole, salvaged };

/// Builds a mailbox's contents from its stored rows and computes its counts.
class ContentsBuilder {
 public:
  /// Every row gets at least `floor` as its MODSEQ (store/read/behind.h). With Trust::salvaged,
  /// keywords whose names are lost get new names.
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

  /// Adds a flag change that is not applied to the rows. All of these must be added before the
  /// rows, in the order of the changes.
  void add(Seq seq, const JournalRecord& change) { replay_.add(seq, change); }
  /// Adds a row. A row whose UID is not above all earlier ones is left out; see is_ordered().
  void add(StoredRow row);
  /// Returns false if a row was left out.
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
