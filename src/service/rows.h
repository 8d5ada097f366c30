#pragma once

#include <cstdint>
#include <vector>

#include "base/number_set.h"
#include "service/membership.h"
#include "store/mailbox.h"

namespace posthorn::service {

/// One message as a session sees it: numbered by what it was told, with the newest flags.
struct Row {
  Seqnum seqnum;
  store::Member member;
  store::FlagState flags;
};

/// Walks over messages in the order of their sequence numbers, a batch at a time. Of a message
/// another session expunged the flags are gone: it is shown as \Seen and \Deleted with the MODSEQ
/// the mailbox has now.
class RowReader {
 public:
  /// `seqnums`: which; those not told are passed over. Both must outlive the reader. Requires:
  /// contents.
  RowReader(const Membership& told, const store::Mailbox& now, NumberSet seqnums);

  /// The next up to `limit` rows, with a MODSEQ above `changed_since`; false when there are no
  /// more.
  bool next(std::vector<Row>& rows, std::size_t limit, ModSeq changed_since = ModSeq(0));

 private:
  void take(std::uint32_t first, std::uint32_t last, ModSeq changed_since, std::vector<Row>& rows);

  const Membership& told_;
  const store::Mailbox& now_;
  const NumberSet seqnums_;
  const bool same_;        ///< Positions mean the same on both sides.
  std::size_t range_ = 0;  ///< The range of seqnums_ being walked,
  std::uint32_t at_ = 0;   ///< and the position reached in it.
};

}  // namespace posthorn::service
