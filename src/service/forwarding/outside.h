#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

/// How an alias names addresses of other servers.
namespace posthorn::service {

/// Among the targets of an alias (store::AddressEntry::targets), an address of another server
/// begins with this mark. It says what the administrator meant: a target without it is an address
/// of this server, and mail for it never leaves, even if nobody has the address any more.
inline constexpr char kOutsideMark = '>';

inline bool is_outside(std::string_view target) { return target.starts_with(kOutsideMark); }
inline std::string outside_target(std::string_view address) {
  return std::string(1, kOutsideMark).append(address);
}
/// Returns the address without the mark, if it has one.
inline std::string_view address_in(std::string_view target) {
  return is_outside(target) ? target.substr(1) : target;
}

/// Judges whether mail can be sent to an address of another server: user@domain, with a fully
/// qualified domain name, and nothing that would have to be quoted. Errors: bad_argument.
Status check_outside_address(std::string_view address);

}  // namespace posthorn::service
