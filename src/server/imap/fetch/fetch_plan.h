#pragma once

#include <vector>

#include "service/fetch.h"
#include "wire/imap/command/commands_message.h"

namespace posthorn::server::imap {

/// What a FETCH needs, computed once for all its messages.
struct FetchPlan {
  std::vector<wire::imap::FetchItem> items;  ///< In the order of the command.
  service::FetchNeeds needs;                 ///< No columns if rows are enough.
  bool sets_seen = false;

  [[nodiscard]] bool has(store::Column column) const { return (needs.columns & bit(column)) != 0; }
  /// Returns whether an item may be longer than what is held in memory.
  [[nodiscard]] bool streams() const { return needs.bodies != service::FetchNeeds::Bodies::none; }
};

/// Whether a response to UID FETCH has the item UID even if it was not requested (RFC 9051 §6.4.9).
/// A UIDFETCH response has not (RFC 9586 §3.3).
enum class UidItem : std::uint8_t { always, if_requested };

/// Whether messages may have identifiers that are in their body column (store/read/object_ids.h).
enum class Origins : std::uint8_t { none, possible };

FetchPlan plan_fetch(const wire::imap::FetchCommand& command, UidItem uid, Origins origins);

}  // namespace posthorn::server::imap
