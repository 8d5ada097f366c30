#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "async/task.h"
#include "base/result.h"
#include "server/lmtp/recipient.h"
#include "server/lmtp/trace.h"
#include "store/upload.h"

namespace posthorn::server::lmtp {

/// Puts a message that was taken in whole into every recipient's mailbox, each with its own trace
/// fields. The accounts' commits are under way together, so that they share a sync of the disk. Two
/// recipients that lead to one mailbox get one message. One status for each recipient, in order; a
/// success is durable. Thread: any loop's.
async::Task<std::vector<Status>> deliver(std::span<const Recipient> recipients,
                                         store::Upload& message, TraceFacts facts);

}  // namespace posthorn::server::lmtp
