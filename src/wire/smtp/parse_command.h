#pragma once

#include <cstdint>
#include <expected>
#include <string_view>

#include "wire/smtp/command.h"
#include "wire/smtp/reply.h"

namespace posthorn::wire::smtp {

enum class Dialect : std::uint8_t { smtp, lmtp };
/// Whether the transaction was opened with SMTPUTF8: only then a RCPT may hold more than ASCII.
enum class Utf8 : std::uint8_t { not_asked, asked };

/// One command line without its CRLF. An error is the reply to send: 500 for what is no command
/// (also HELO and EHLO in LMTP, RFC 2033 §4.1, and LHLO in SMTP), 501 for malformed arguments, 553
/// for UTF-8 that was not asked for, 555 for parameters not known. Whether a command is allowed now
/// is not judged here. A BDAT that cannot be read leaves no way to find the next command: close
/// then.
std::expected<Command, Reply> parse_command(std::string_view line, Dialect dialect,
                                            Utf8 utf8 = Utf8::not_asked);

/// Whether a line that was refused was a BDAT.
bool is_bdat(std::string_view line);

}  // namespace posthorn::wire::smtp
