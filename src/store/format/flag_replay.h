#pragma once

#include <vector>

#include "store/format/codec.h"

namespace posthorn::store {

/// Applies flag changes that are stored separately to the rows as they are read.
class FlagReplay {
 public:
  /// To be called in the order of the changes.
  void add(Seq seq, const JournalRecord& change);
  /// Brings a row up to date by applying the changes that name it and are newer. Requires: rows
  /// come in ascending UID order.
  void apply(StoredRow& row);

 private:
  struct Step {
    ModSeq modseq;
    JournalRecord::FlagDelta delta;
    std::size_t next = 0;  ///< The first range of UIDs that is not entirely before the row.
  };
  std::vector<Step> steps_;
};

}  // namespace posthorn::store
