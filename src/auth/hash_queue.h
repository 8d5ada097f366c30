#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>

#include "async/offload.h"

namespace posthorn::auth {

/// The passwords that wait to be hashed. Networks (site_of() a peer) take turns, so that somebody
/// who tries very many logins delays himself more than others. Thread: any.
class HashQueue {
 public:
  struct Limits {
    std::size_t total = 2048;
    std::size_t per_network = 512;
  };
  /// Hashes on `pool`, which should have nothing else to do: one hash takes some milliseconds of a
  /// processor. It must outlive this object, and jobs may be left in it when this object is
  /// destroyed.
  HashQueue(async::OffloadPool& pool, Limits limits);

  /// Queues `work` for a client at `peer` (as Stream::peer() reports it). Returns false, without
  /// taking it, if too much is waiting, for that network or in all.
  [[nodiscard]] bool submit(std::string_view peer, std::move_only_function<void()> work);

 private:
  struct State;
  async::OffloadPool& pool_;
  std::shared_ptr<State> state_;
};

}  // namespace posthorn::auth
