#pragma once

#include <cstdint>
#include <string_view>

#include "server/imap/commands.h"
#include "server/imap/session.h"
#include "service/cursor.h"

namespace posthorn::server::imap {

/// What the server knows of a command besides how to do it.
struct CommandEntry {
  std::string_view name;
  std::uint8_t states;          ///< Where it is allowed: bits of State.
  service::Tellings tells;      ///< What may be told at its end.
  std::string_view capability;  ///< Switched off together with it; empty for none.
  std::string_view source;      ///< Where it is defined.
  CommandTask (*run)(Session&, wire::imap::CommandBody&);
};

const CommandEntry& entry_of(const wire::imap::CommandBody& body);

}  // namespace posthorn::server::imap
