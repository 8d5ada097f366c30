#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/number_set.h"
#include "base/result.h"
#include "store/value/mailbox.h"

namespace posthorn::store {

/// Messages of one mailbox that could not be read, and the reason: the first damage found, or else
/// the first error.
struct Unreadable {
  NumberSet uids;
  std::optional<Error> why;

  void add(Uid uid, const Error& error);
  void merge(const Unreadable& more);
  [[nodiscard]] bool empty() const { return uids.empty(); }
};

/// Interprets an error of reading a message. not_found is damage while the message is in its
/// mailbox, but not after it has been expunged, when its content may have been dropped. `now` is
/// the current mailbox. If it is null or has no contents, the error is returned unchanged.
[[nodiscard]] Error judge_unreadable(const Mailbox* now, Uid uid, Error error);

/// The error reported to a client: the kind of `why`, the number of messages and, if there are few,
/// their UIDs.
[[nodiscard]] Error describe(const Unreadable& unreadable);

}  // namespace posthorn::store
