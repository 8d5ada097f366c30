#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/number_set.h"
#include "base/result.h"
#include "store/value/mailbox.h"

namespace posthorn::store {

/// Messages of one mailbox that could not be read, and why: what the first damage among them was,
/// or else the first error.
struct Unreadable {
  NumberSet uids;
  std::optional<Error> why;

  void add(Uid uid, const Error& error);
  void merge(const Unreadable& more);
  [[nodiscard]] bool empty() const { return uids.empty(); }
};

/// What an error of reading a message means. What is not there is damage while the message is in
/// its mailbox; when it has been expunged, its content may have been dropped, and that is none.
/// `now` is the mailbox as it is; without contents, or null, nothing is known and the error is as
/// it was.
[[nodiscard]] Error judge_unreadable(const Mailbox* now, Uid uid, Error error);

/// What a client is told: the kind of `why`, how many there are and, of few, which.
[[nodiscard]] Error describe(const Unreadable& unreadable);

}  // namespace posthorn::store
