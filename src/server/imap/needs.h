#pragma once

#include <string_view>
#include <vector>

#include "wire/imap/command/command.h"

namespace posthorn::server::imap {

/// What a command uses that is not in RFC 3501: capabilities by name (capability.h), so that what
/// an operator switched off is refused in every place where it could be said. The command itself
/// stands in command_table.cc. A name may be there twice.
std::vector<std::string_view> needs_of(const wire::imap::CommandBody& body);
/// Of a further message of an APPEND (RFC 3502).
std::vector<std::string_view> needs_of(const wire::imap::AppendMessage& message);

}  // namespace posthorn::server::imap
