#include "search/work_limit.h"

namespace posthorn::search {

std::uint64_t WorkLimit::steps_for(const store::Mailbox& mailbox) {
  return kSteps + kStepsPerOctet * mailbox.head.bytes;
}

Status WorkLimit::status() const {
  if (is_cancelled()) return fail(ErrorKind::unavailable, "The command was cancelled");
  if (is_over())
    return fail(ErrorKind::limit,
                "The command would take too long; use fewer conditions or fewer messages");
  return {};
}

}  // namespace posthorn::search
