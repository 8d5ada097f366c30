#pragma once

#include <cstdint>
#include <string_view>

#include "server/pop3/commands.h"
#include "server/pop3/session.h"

namespace posthorn::server::pop3 {

/// What the server knows about a command besides its implementation.
struct CommandEntry {
  std::string_view name;
  std::uint8_t states;      ///< The states it is allowed in, as bits of State.
  std::string_view source;  ///< The document that defines it.
  CommandTask (*run)(Session&, wire::pop3::Command&);
};

const CommandEntry& entry_of(const wire::pop3::Command& command);

}  // namespace posthorn::server::pop3
