#pragma once

#include <cstdint>
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

/// Chooses the mailbox for a message to `folder`: the one of that name, else one whose name differs
/// only in the case of ASCII letters, else INBOX. `folder` may have levels, separated by '/'. A
/// team may have restricted this to mailboxes to which anyone may send (store::Team::FolderMail).
MailboxId choose_mailbox(const store::AccountState& state, std::string_view folder);

struct Delivery {
  std::span<const Recipient> recipients;
  /// Returns the header lines, with CRLF, to prepend for one recipient (service/delivery/trace.h).
  std::function<std::string(const Recipient&)> fields;
  Timestamp now;  ///< Used as INTERNALDATE.
  /// The connection that the message came over (net::Stream::id()), for the log; 0: none.
  std::uint64_t session = 0;
};

/// Delivers a completely received message to every recipient's mailbox. The commits of the accounts
/// run concurrently, so that they share a disk sync. If two recipients lead to one mailbox, it gets
/// one message. Returns one status for each recipient, in order; a success is durable. Errors:
/// over_quota, limit, not_found, io, unavailable. Thread: any loop's.
async::Task<std::vector<Status>> deliver(Delivery delivery, store::Upload& message);

}  // namespace posthorn::service
