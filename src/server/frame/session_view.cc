#include "server/frame/session_view.h"

#include <chrono>

#include "server/frame/session_log.h"

namespace posthorn::server::frame {

auth::SessionView view_of(std::string_view protocol, const net::Stream& stream,
                          std::string_view user) {
  const net::Traffic traffic = stream.traffic();
  return {.protocol = std::string(protocol),
          .user = std::string(user),
          .peer = stream.peer(),
          .session = stream.id(),
          .since = std::chrono::system_clock::to_time_t(traffic.since),
          .octets_in = traffic.in,
          .octets_out = traffic.out,
          .tls = stream.tls_description()};
}

void log_logout(std::string_view protocol, const net::Stream& stream, std::string_view user) {
  const net::Traffic traffic = stream.traffic();
  const auto took =
      std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now() - traffic.since);
  about("logout", protocol, stream)
      .number("in", traffic.in)
      .number("out", traffic.out)
      .number("seconds", static_cast<std::uint64_t>(std::max<std::int64_t>(took.count(), 0)))
      .said("user", user)
      .write(log::Level::info);
}

}  // namespace posthorn::server::frame
