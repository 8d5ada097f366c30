#pragma once

#include <cstdint>
#include <string_view>

#include "server/pop3/commands.h"
#include "server/pop3/session.h"

namespace posthorn::server::pop3 {

/// What the server knows of a command besides how to do it.
struct CommandEntry {
  std::string_view name;
  std::uint8_t states;      ///< Where it is allowed: bits of State.
  std::string_view source;  ///< Where it is defined.
  CommandTask (*run)(Session&, wire::pop3::Command&);
};

const CommandEntry& entry_of(const wire::pop3::Command& command);

}  // namespace posthorn::server::pop3
