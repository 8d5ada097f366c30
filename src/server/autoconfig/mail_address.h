#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "server/http/message.h"

namespace posthorn::server::autoconfig {

/// The address a client is being configured for. The server never checks whether such an account
/// exists, so no answer can depend on it.
struct MailAddress {
  std::string text;    ///< As received.
  std::string domain;  ///< The part after the last '@', with ASCII letters in lower case.
};

/// Returns none if the text cannot be an address: no '@' with text on both sides, spaces, control
/// characters, octets that are not UTF-8, or more than 320 octets.
std::optional<MailAddress> parse_mail_address(std::string_view text);

/// Returns the query parameter "emailaddress", whose name may be in any case. Null if it is missing
/// or empty.
const std::string* find_emailaddress(const http::Request& request);

}  // namespace posthorn::server::autoconfig
