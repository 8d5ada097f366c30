#pragma once

#include <string_view>

#include "base/result.h"
#include "wire/pop3/command.h"

namespace posthorn::wire::pop3 {

/// Maximum length of a command without its CRLF. RFC 2449 §4 requires 255 octets, and RFC 5034 §4
/// as many as the mechanisms need: a token of 9 KB in base64 fits.
inline constexpr std::size_t kMaxLineOctets = 12'544;

/// Parses one command line, without CRLF. Keywords may be in any case. Spaces at the end are
/// ignored, except for PASS. Errors: not_supported for an unknown keyword; syntax for anything
/// else, with a sentence for the client.
Result<Command> parse_command(std::string_view line);

}  // namespace posthorn::wire::pop3
