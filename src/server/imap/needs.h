#pragma once

#include <string_view>
#include <vector>

#include "wire/imap/command/command.h"

namespace posthorn::server::imap {

/// Returns the capabilities (by name, see capability.h) of everything a command uses that is not in
/// RFC 3501, so that a feature the operator disabled is refused wherever a client can ask for it.
/// The capability of the command itself is in its CommandSpec. A name may occur twice.
std::vector<std::string_view> needs_of(const wire::imap::CommandBody& body);
/// The same for a further part of an APPEND, except that it may be another message (RFC 3502).
std::vector<std::string_view> needs_of(const wire::imap::AppendText& text);

/// Returns whether a command has message numbers as arguments, and is therefore not allowed once
/// the client has enabled UIDONLY (RFC 9586 §3.2). `*` in a set of UIDs and `$` are not message
/// numbers.
bool uses_message_numbers(const wire::imap::CommandBody& body);

}  // namespace posthorn::server::imap
