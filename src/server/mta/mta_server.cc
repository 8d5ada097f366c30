#include "server/mta/mta_server.h"

#include "server/frame/session_log.h"

namespace posthorn::server::mta {

void note_end(std::string_view name, const net::Stream& stream, const Error& error) {
  switch (error.kind) {
    case ErrorKind::closed:
    case ErrorKind::timed_out:
    case ErrorKind::unavailable: return;
    case ErrorKind::syntax:
      frame::about("a client broke the protocol and was disconnected", name, stream)
          .failure(error)
          .write(log::Level::warning, name);
      return;
    default:
      frame::about("the connection was lost", name, stream).failure(error).write(log::Level::info);
  }
}

}  // namespace posthorn::server::mta
