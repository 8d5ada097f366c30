#pragma once

#include <vector>

#include "store/read/email_reader.h"
#include "wire/imap/command/commands_message.h"

namespace posthorn::server::imap {

/// What a FETCH needs, computed once for all its messages.
struct FetchPlan {
  std::vector<wire::imap::FetchItem> items;  ///< In the order of the command.
  store::Columns columns = 0;  ///< Columns of the stored emails to read; 0 if rows are enough.
  bool streams = false;        ///< An item may be longer than what is held in memory.
  bool whole_bodies = false;   ///< An item is a complete body.
  bool sets_seen = false;
};

FetchPlan plan_fetch(const wire::imap::FetchCommand& command);

}  // namespace posthorn::server::imap
