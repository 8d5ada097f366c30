#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace posthorn::admin {

/// What the administration has to know of IMAP's capabilities, to switch some off for one account.
/// The table of them is that of server/imap/capability.cc; the program connects the two.
struct CapabilityNames {
  /// Returns the spelling of a name. Errors: bad_argument, with a sentence for the administrator.
  std::function<Result<std::string>(std::string_view)> spell = {};
  /// Returns what is not offered either if these are not.
  std::function<std::vector<std::string>(std::span<const std::string>)> stands_on_any = {};
};

}  // namespace posthorn::admin
