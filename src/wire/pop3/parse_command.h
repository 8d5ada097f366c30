#pragma once

#include <string_view>

#include "base/result.h"
#include "wire/pop3/command.h"

namespace posthorn::wire::pop3 {

/// A command without its CRLF may be so long. RFC 2449 §4 asks for 255 octets, RFC 5034 §4 for what
/// the mechanisms need: a token of 9 KB in base64 fits.
inline constexpr std::size_t kMaxLineOctets = 12'544;

/// One command line, without CRLF. Keywords may be in any case; spaces at the end are no argument,
/// but for PASS. Errors: not_supported for a keyword that is none; syntax for the rest, with a
/// sentence for the client.
Result<Command> parse_command(std::string_view line);

}  // namespace posthorn::wire::pop3
