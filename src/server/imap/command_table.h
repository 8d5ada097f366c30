#pragma once

#include <cstdint>
#include <string_view>

#include "server/imap/commands.h"
#include "server/imap/session.h"
#include "service/cursor.h"

namespace posthorn::server::imap {

/// What the server knows about a command besides its implementation.
struct CommandEntry {
  std::string_view name;
  std::uint8_t states;          ///< The states it is allowed in, as bits of State.
  service::Tellings tells;      ///< The changes the client may be told at its end.
  std::string_view capability;  ///< The capability it belongs to: disabled together with it. Empty
                                ///< if there is none.
  std::string_view source;      ///< The document that defines it.
  CommandTask (*run)(Session&, wire::imap::CommandBody&);
};

/// Returns the table row of a command.
const CommandEntry& entry_of(const wire::imap::CommandBody& body);

}  // namespace posthorn::server::imap
