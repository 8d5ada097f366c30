#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.h"
#include "base/result.h"
#include "service/delivery/recipient.h"
#include "store/change/upload.h"

namespace posthorn::service {

/// The mailbox a message for `folder` goes to: the one of that name, else one that differs in the
/// case of ASCII letters only, else INBOX. `folder` may have levels, parted by '/'.
MailboxId choose_mailbox(const store::AccountState& state, std::string_view folder);

struct Delivery {
  std::span<const Recipient> recipients;
  /// The header lines, CRLF, that go in front of the message for one recipient (service/delivery/trace.h).
  std::function<std::string(const Recipient&)> fields;
  Timestamp now;  ///< The INTERNALDATE.
};

/// Puts a message that was taken in whole into every recipient's mailbox. The accounts' commits are
/// under way together, so that they share a sync of the disk. Two recipients that lead to one
/// mailbox get one message. One status for each recipient, in order; a success is durable. Errors:
/// over_quota, limit, not_found, io, unavailable. Thread: any loop's.
async::Task<std::vector<Status>> deliver(Delivery delivery, store::Upload& message);

}  // namespace posthorn::service
