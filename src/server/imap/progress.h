#pragma once

#include <atomic>
#include <cstdint>

#include "async/event.h"
#include "async/gate.h"
#include "server/imap/session.h"

namespace posthorn::server::imap {

/// Held by a command while it works for a long time and writes nothing. It sends an untagged OK
/// with INPROGRESS at intervals (ImapOptions::progress_interval), so that the client and whatever
/// stands between it and the server see that the connection is alive (RFC 9585). Must only exist
/// between responses, since it writes in between. Thread: the session's loop.
class Progress {
 public:
  /// `goal` is the number of messages the command has to work on; 0 if that is not known. The
  /// session must outlive this object.
  explicit Progress(Session& session, std::uint32_t goal = 0);

  /// How many messages have been worked on. Thread: any.
  [[nodiscard]] std::atomic<std::uint32_t>& done() { return done_; }
  /// Ends it. Must be awaited before the object is destroyed.
  async::Task<void> finish();

 private:
  void say_later();
  void say();
  async::Task<void> flush();

  Session& session_;
  const std::uint32_t goal_;
  std::atomic<std::uint32_t> done_ = 0;
  async::Timer timer_;
  async::Gate flushing_;
};

}  // namespace posthorn::server::imap
