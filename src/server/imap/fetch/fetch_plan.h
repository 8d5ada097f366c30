#pragma once

#include <vector>

#include "store/read/email_reader.h"
#include "wire/imap/command/commands_message.h"

namespace posthorn::server::imap {

/// What a FETCH needs, worked out once for all its messages.
struct FetchPlan {
  std::vector<wire::imap::FetchItem> items;  ///< In the order asked for.
  store::Columns columns = 0;                ///< Of the stored emails; 0: rows alone suffice.
  bool streams = false;       ///< Some item may be longer than what is held in memory.
  bool whole_bodies = false;  ///< Some item is a body from its first octet to its last.
  bool sets_seen = false;
};

FetchPlan plan_fetch(const wire::imap::FetchCommand& command);

}  // namespace posthorn::server::imap
