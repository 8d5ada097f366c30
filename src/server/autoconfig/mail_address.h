#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "server/http/message.h"

namespace posthorn::server::autoconfig {

/// The address somebody sets a client up for. Whether there is such an account is never asked, so
/// that no answer can depend on it.
struct MailAddress {
  std::string text;    ///< As given.
  std::string domain;  ///< Its last part, ASCII letters in lower case.
};

/// None when this is nothing that could be one: no '@' with something on both sides, blanks,
/// control characters, octets that are not UTF-8, or more than 320 of them.
std::optional<MailAddress> parse_mail_address(std::string_view text);

/// The query's "emailaddress"; the name in any case. Null: not given, or empty.
const std::string* find_emailaddress(const http::Request& request);

}  // namespace posthorn::server::autoconfig
