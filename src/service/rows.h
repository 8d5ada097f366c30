#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "base/number_set.h"
#include "service/membership.h"
#include "store/value/flags_view.h"
#include "store/value/mailbox.h"

namespace posthorn::service {

/// One message as a session sees it: with the sequence number the client was told, and the newest
/// flags.
struct Row {
  Seqnum seqnum;
  store::Member member;
  store::FlagState flags;
};

/// Iterates over messages in the order of their sequence numbers, in batches. The flags of a
/// message that another session expunged no longer exist: it is shown as \Seen and \Deleted, with
/// the mailbox's current MODSEQ.
class RowReader {
 public:
  /// `seqnums` selects the messages; numbers the client was not told are ignored. `told` and the
  /// mailbox that `now` shows must outlive the reader. Requires: contents.
  RowReader(const Membership& told, store::FlagsView now, NumberSet seqnums);

  /// Reads the next rows with a MODSEQ above `changed_since`, at most `limit`. Returns false when
  /// there are no more.
  bool next(std::vector<Row>& rows, std::size_t limit, ModSeq changed_since = ModSeq(0));
  /// The same without storing rows: calls f(const Row&) for those of the next `limit` messages that
  /// have a MODSEQ above `changed_since`. Returns false when there are no more.
  template <class F>
  bool visit(std::uint32_t limit, ModSeq changed_since, F&& f);

 private:
  struct Step {
    std::uint32_t first = 0;
    std::uint32_t last = 0;
  };
  /// The next positions, at most `limit`; empty at the end.
  Step step(std::uint32_t limit);
  template <class F>
  void take(Step step, ModSeq changed_since, F&& f);
  /// As take(), for the case that the session was told of other messages than exist now.
  void take_told(Step step, ModSeq changed_since, const std::function<void(const Row&)>& f);

  const Membership& told_;
  const store::FlagsView now_;
  NumberSet seqnums_;
  const bool same_;        ///< Positions are the same in `told_` and `now_`.
  std::size_t range_ = 0;  ///< The range of seqnums_ being walked.
  std::uint32_t at_ = 0;   ///< The position reached in that range.
};

template <class F>
void RowReader::take(Step step, ModSeq changed_since, F&& f) {
  if (!same_) return take_told(step, changed_since, f);
  now_.for_each(step.first, step.last,
                [&](std::uint32_t position, const store::MemberLeaf& members,
                    const store::FlagLeaf& flags, std::uint32_t k) {
                  if (flags.modseq[k] > changed_since.value)
                    f(Row{Seqnum(position + 1), members.at(k), flags.at(k)});
                });
}

template <class F>
bool RowReader::visit(std::uint32_t limit, ModSeq changed_since, F&& f) {
  const Step next = step(limit);
  if (next.first == next.last) return false;
  take(next, changed_since, f);
  return true;
}

}  // namespace posthorn::service
