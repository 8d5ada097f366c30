#pragma once

#include <string>
#include <vector>

#include "async/task.h"
#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"
#include "service/mailbox_ref.h"
#include "store/value/email.h"

namespace posthorn::service {

struct ImportedMessage {
  std::string mailbox;  ///< Name of the mailbox it goes to.
  store::NewEmail email;
  FlagList flags;
  Timestamp received;
};

/// Appends all messages in one change, and returns their UIDs in the same order. Missing mailboxes
/// are created and subscribed. Errors, of which none leaves anything behind: over_quota, limit,
/// bad_argument (a name), io, unavailable.
async::Task<Result<std::vector<Uid>>> import_messages(Caller caller,
                                                      std::vector<ImportedMessage> messages);

}  // namespace posthorn::service
