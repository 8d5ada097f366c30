#include "server/pop3/capability.h"

#include <fmt/core.h>

namespace posthorn::server::pop3 {

std::vector<std::string> capabilities(const CapabilityView& view) {
  std::vector<std::string> lines = {"TOP", "UIDL", "RESP-CODES", "AUTH-RESP-CODE", "PIPELINING"};
  if (view.plaintext) lines.emplace_back("USER");
  if (!view.mechanisms.empty()) {
    std::string sasl = "SASL";
    for (const std::string_view name : view.mechanisms) sasl.append(" ").append(name);
    lines.push_back(std::move(sasl));
  }
  if (view.can_start_tls) lines.emplace_back("STLS");
  lines.emplace_back("UTF8 USER");
  lines.emplace_back("LANG");
  const Pop3Options& options = view.options;
  lines.push_back(options.expire_days == 0 ? "EXPIRE NEVER"
                                           : fmt::format("EXPIRE {}", options.expire_days));
  if (options.login_delay.count() != 0)
    lines.push_back(fmt::format("LOGIN-DELAY {}", options.login_delay.count()));
  lines.emplace_back("IMPLEMENTATION Posthorn");
  return lines;
}

}  // namespace posthorn::server::pop3
