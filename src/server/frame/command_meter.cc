#include "server/frame/command_meter.h"

namespace posthorn::server::frame {

CommandMeter::CommandMeter(std::vector<std::string_view> commands) : counts_(commands.size() + 1) {
  for (std::size_t i = 0; i < commands.size(); ++i) counts_[i].command = commands[i];
}

}  // namespace posthorn::server::frame
