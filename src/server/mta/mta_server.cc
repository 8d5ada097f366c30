#include "server/mta/mta_server.h"

#include "base/log.h"

namespace posthorn::server::mta {

void note_end(std::string_view name, const Error& error) {
  switch (error.kind) {
    case ErrorKind::closed:
    case ErrorKind::timed_out:
    case ErrorKind::unavailable: return;
    case ErrorKind::syntax:
      log::warning("{}: a client broke the protocol and was disconnected: {}", name, error.text);
      return;
    default: log::info("{}: {}", name, error.text);
  }
}

}  // namespace posthorn::server::mta
