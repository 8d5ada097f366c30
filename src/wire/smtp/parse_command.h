#pragma once

#include <cstdint>
#include <expected>
#include <string_view>

#include "wire/smtp/command.h"
#include "wire/smtp/reply.h"

namespace posthorn::wire::smtp {

enum class Dialect : std::uint8_t { smtp, lmtp };
/// Says whether the transaction was opened with SMTPUTF8. Only then may RCPT contain non-ASCII
/// characters.
enum class Utf8 : std::uint8_t { not_asked, asked };

/// Parses one command line without its CRLF. An error is the reply to send: 500 for an unknown
/// command (including HELO and EHLO in LMTP, RFC 2033 §4.1, and LHLO in SMTP), 501 for malformed
/// arguments, 553 for UTF-8 without SMTPUTF8, 555 for unknown parameters. Whether the command is
/// allowed in the current state is not checked here. After a BDAT that cannot be parsed there is no
/// way to find the next command, so the connection must be closed.
std::expected<Command, Reply> parse_command(std::string_view line, Dialect dialect,
                                            Utf8 utf8 = Utf8::not_asked);

/// Returns whether a refused line was a BDAT.
bool is_bdat(std::string_view line);

}  // namespace posthorn::wire::smtp
