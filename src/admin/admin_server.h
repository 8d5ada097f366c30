#pragma once

#include <memory>

#include "admin/local_admin.h"
#include "async/task.h"
#include "net/stream.h"

namespace posthorn::admin {

/// Answers requests on connections of the admin socket.
class AdminServer {
 public:
  /// `store` must outlive the server.
  AdminServer(store::Store& store, LocalAdmin::Options options);
  /// Requires: stop() has finished.
  ~AdminServer();
  AdminServer(const AdminServer&) = delete;
  AdminServer& operator=(const AdminServer&) = delete;

  /// Sets the options for connections accepted from now on. Thread: any.
  void set_options(LocalAdmin::Options options);

  /// Thread: the stream's loop.
  void accept(std::unique_ptr<net::Stream> stream);
  /// Closes all connections, and finishes when none is left. Thread: any loop's.
  async::Task<void> stop();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace posthorn::admin
