#include "store/format/flag_replay.h"

#include <algorithm>
#include <iterator>

namespace posthorn::store {
namespace {

void change_keywords(std::vector<std::uint16_t>& keywords, const JournalRecord::FlagDelta& delta) {
  if (delta.keywords_added.empty() && delta.keywords_removed.empty()) return;
  std::vector<std::uint16_t> more;
  std::ranges::set_union(keywords, delta.keywords_added, std::back_inserter(more));
  keywords.clear();
  std::ranges::set_difference(more, delta.keywords_removed, std::back_inserter(keywords));
}

}  // namespace

void FlagReplay::add(Seq seq, const JournalRecord& change) {
  for (const JournalRecord::FlagDelta& delta : change.flags)
    steps_.push_back({ModSeq(seq.value), delta});
}

void FlagReplay::apply(StoredRow& row) {
  for (Step& step : steps_) {
    const auto& ranges = step.delta.uids.ranges();
    while (step.next < ranges.size() && ranges[step.next].last < row.member.uid.value) ++step.next;
    if (step.next == ranges.size() || ranges[step.next].first > row.member.uid.value) continue;
    // The row was written later, and already contains this change.
    if (row.modseq >= step.modseq) continue;
    row.system = static_cast<SystemFlags>((row.system | step.delta.added) & ~step.delta.removed);
    change_keywords(row.keywords, step.delta);
    row.modseq = step.modseq;
  }
}

}  // namespace posthorn::store
