#pragma once

#include "server/imap/commands.h"
#include "server/imap/session.h"
#include "service/cursor.h"

namespace posthorn::server::imap {

/// Whether the result of a command is that messages are removed. The client is then told, whatever
/// it wants to be told otherwise (RFC 5465).
enum class Removes : std::uint8_t { nothing, messages };

/// What the server adds to wire::imap::spec_of() of a command.
struct CommandEntry {
  service::Tellings tells;  ///< The changes the client may be told at its end.
  Removes removes;
  CommandTask (*run)(Session&, wire::imap::CommandBody&);
};

/// Returns the names of the alternatives of wire::imap::CommandBody, by their index.
std::vector<std::string_view> command_names();

/// Returns the table row of a command.
const CommandEntry& entry_of(const wire::imap::CommandBody& body);

}  // namespace posthorn::server::imap
