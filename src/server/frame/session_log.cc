#include "server/frame/session_log.h"

namespace posthorn::server::frame {

log::Event about(std::string_view what, std::string_view protocol, const net::Stream& stream) {
  log::Event event(what);
  event.word("protocol", protocol).session(stream.id()).peer(stream.peer());
  return event;
}

void log_trouble(std::string_view protocol, const net::Stream& stream, std::string_view user,
                 const Error& error) {
  log::Event event = about("a request failed", protocol, stream);
  if (!user.empty()) event.said("user", user);
  // An account has an allowance of its own, so that one that is damaged cannot hide the others.
  event.failure(error).write(log::Level::error, user);
}

}  // namespace posthorn::server::frame
