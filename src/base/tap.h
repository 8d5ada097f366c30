#pragma once

#include <string_view>

namespace posthorn {

/// Sees what passes over a connection, as the protocol sees it: without TLS and compression.
/// Thread: the connection's loop.
class Tap {
 public:
  virtual ~Tap() = default;
  virtual void received(std::string_view octets) = 0;
  virtual void sent(std::string_view octets) = 0;
};

}  // namespace posthorn
