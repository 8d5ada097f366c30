#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

// For net/ only.
namespace posthorn::net {

/// Non-blocking listening descriptors.
struct Listening {
  std::vector<int> fds;
  std::string name;
  std::uint16_t port = 0;
};

/// See Listener::tcp and Listener::unix_socket for arguments and errors.
Result<Listening> listen_tcp(std::string_view host_port);
Result<Listening> listen_unix(const std::string& path, unsigned mode);
/// Describes a socket that is already listening.
Listening describe_listening(int fd);

}  // namespace posthorn::net
