#pragma once

#include <memory>
#include <string>

#include "admin/admin.h"
#include "admin/json_channel.h"
#include "net/stream.h"

namespace posthorn::admin {

/// Sends requests to the running server over its admin socket. Belongs to one loop.
class RemoteAdmin final : public Admin {
 public:
  /// Errors: not_found if nobody listens there; no_permission; io.
  static async::Task<Result<std::unique_ptr<RemoteAdmin>>> connect(std::string socket_path);

  async::Task<Result<Answer>> call(Json request) override;
  /// `request` must contain "octets", the number of octets.
  async::Task<Result<Answer>> call(Json request, OctetSource& octets) override;

 private:
  explicit RemoteAdmin(std::unique_ptr<net::Stream> stream)
      : stream_(std::move(stream)), channel_(*stream_) {}
  async::Task<Result<Answer>> read_answer();

  std::unique_ptr<net::Stream> stream_;
  JsonChannel channel_;
};

}  // namespace posthorn::admin
