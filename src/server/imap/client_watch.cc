#include "server/imap/client_watch.h"

#include "base/log.h"

namespace posthorn::server::imap {

void ClientWatch::look_later() {
  constexpr std::chrono::seconds kInterval(1);
  timer_.set(kInterval, [this] {
    if (!session_.connection.stream().peer_has_left()) return look_later();
    log::debug("imap: {}: the client left during {}", session_.connection.stream().peer(),
               session_.tag);
    session_.given_up = true;
  });
}

}  // namespace posthorn::server::imap
