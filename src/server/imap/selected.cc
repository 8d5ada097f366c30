#include "server/imap/selected.h"

namespace posthorn::server::imap {

Result<NumberSet> Selected::resolve(const SequenceSet& set, wire::imap::Numbering numbering) const {
  if (set.saved_result) return told().seqnums_of(saved_result);
  if (numbering == wire::imap::Numbering::uid) {
    return told().seqnums_of(set.resolve(told().last_uid().value));
  }
  const std::uint32_t count = told().count();
  NumberSet seqnums = set.resolve(count);
  // In an empty mailbox '*' resolves to nothing, which is as invalid as a number that is too high.
  if (seqnums.max() > count || (count == 0 && seqnums.empty())) {
    return fail(ErrorKind::syntax, "There is no message with this number");
  }
  return seqnums;
}

}  // namespace posthorn::server::imap
