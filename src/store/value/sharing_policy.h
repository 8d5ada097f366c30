#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace posthorn::store {

/// How mailboxes may be shared, as the operator has set it. Names are in lower case.
struct SharingPolicy {
  /// The groups that a login name is in, sorted.
  std::map<std::string, std::vector<std::string>, std::less<>> groups_of;
  /// Users may grant rights to everybody at once. Administrators always may.
  bool anyone = false;
  /// A mailbox that is shared with a user is put among that user's subscriptions.
  bool subscribe = true;
};

}  // namespace posthorn::store
