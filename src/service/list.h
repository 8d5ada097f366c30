#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "store/value/account_state.h"

namespace posthorn::service {

/// Which names of an account are wanted. All are functions of one AccountState.
struct ListQuery {
  /// Whether the name matches what the client asked for.
  std::function<bool(std::string_view)> matches;
  /// RFC 5258 §3.1 SUBSCRIBED: subscribed names, whether there is such a mailbox or not.
  enum class From : std::uint8_t { mailboxes, subscriptions };
  From from = From::mailboxes;
  /// RFC 5258 §3.1 RECURSIVEMATCH: also names with a subscribed one somewhere below.
  enum class Depth : std::uint8_t { itself, below_too };
  Depth depth = Depth::itself;
  store::SpecialUses special_use = 0;  ///< If any, only mailboxes with one of these.
};

struct ListEntry {
  std::string name;
  store::MailboxPtr mailbox;  ///< Null when there is no mailbox of that name, only some below it.
  bool subscribed = false;
  bool has_children = false;
  bool subscribed_below = false;  ///< Some name below is subscribed.
};

/// Ascending by name.
std::vector<ListEntry> list_mailboxes(const store::AccountState& state, const ListQuery& query);

}  // namespace posthorn::service
