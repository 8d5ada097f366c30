#pragma once

#include <vector>

#include "store/format/codec.h"

namespace posthorn::store {

/// Flag changes that are in no row yet, done again on the rows as they are read.
class FlagReplay {
 public:
  /// In the order of the changes.
  void add(Seq seq, const JournalRecord& change);
  /// Brings a row up to date that is older than changes which name it. Requires: UIDs ascending.
  void apply(StoredRow& row);

 private:
  struct Step {
    ModSeq modseq;
    JournalRecord::FlagDelta delta;
    std::size_t next = 0;  ///< The first range of UIDs that does not lie before the row.
  };
  std::vector<Step> steps_;
};

}  // namespace posthorn::store
