#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

// For net/ only.
namespace posthorn::net {

/// Descriptors that listen, non-blocking.
struct Listening {
  std::vector<int> fds;
  std::string name;
  std::uint16_t port = 0;
};

/// See Listener::tcp and Listener::unix_socket for what they take and how they fail.
Result<Listening> listen_tcp(std::string_view host_port);
Result<Listening> listen_unix(const std::string& path, unsigned mode);
/// Of a socket that listens already.
Listening describe_listening(int fd);

}  // namespace posthorn::net
