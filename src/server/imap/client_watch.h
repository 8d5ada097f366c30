#pragma once

#include "async/event.h"
#include "server/imap/session.h"

namespace posthorn::server::imap {

/// Held by a command that computes for a long time without writing to the client. It sets
/// Session::given_up when the server is stopping or the session was ended (checked four times a
/// second) or the client has left (checked once a second), so that the computation ends. A client
/// that sends its commands and then closes its half of the connection still gets answers that take
/// less than a second. Thread: the session's loop.
class ClientWatch {
 public:
  /// The session must outlive it.
  explicit ClientWatch(Session& session) : session_(session) { look_later(); }

 private:
  void look_later();

  Session& session_;
  async::Timer timer_;
  int looks_ = 0;
};

}  // namespace posthorn::server::imap
