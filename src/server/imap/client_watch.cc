#include "server/imap/client_watch.h"

#include "server/frame/session_log.h"

namespace posthorn::server::imap {
namespace {

constexpr std::chrono::milliseconds kInterval(250);
/// The connection is checked only every kLooksAtPeer-th time, because a client may close its half
/// of the connection and still wait for a short answer.
constexpr int kLooksAtPeer = 4;

}  // namespace

void ClientWatch::look_later() {
  timer_.set(kInterval, [this] {
    net::Stream& stream = session_.connection.stream();
    const bool stopping = session_.connection.is_stopping();
    const bool ended = session_.connection.deadline().has_passed();
    const bool left = ++looks_ % kLooksAtPeer == 0 && stream.peer_has_left();
    if (!stopping && !ended && !left) return look_later();
    if (log::enabled(log::Level::debug))
      frame::about("a command is given up", "imap", stream)
          .word("because", stopping ? "stopping"
                           : ended  ? "ended"
                                    : "disconnected")
          .said("tag", session_.tag)
          .write(log::Level::debug);
    session_.given_up = true;
  });
}

}  // namespace posthorn::server::imap
