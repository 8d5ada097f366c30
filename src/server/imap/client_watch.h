#pragma once

#include "async/event.h"
#include "server/imap/session.h"

namespace posthorn::server::imap {

/// Held by a command that computes for long and says nothing meanwhile: looks once a second whether
/// the client is still there, and raises Session::given_up when it is not. A client that sends its
/// commands and then closes its half of the connection still gets answers that take less than a
/// second. Thread: the session's loop.
class ClientWatch {
 public:
  /// The session must outlive it.
  explicit ClientWatch(Session& session) : session_(session) { look_later(); }

 private:
  void look_later();

  Session& session_;
  async::Timer timer_;
};

}  // namespace posthorn::server::imap
