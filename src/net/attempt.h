#pragma once

#include <cstddef>
#include <cstdint>

namespace posthorn::net {

/// The result of one attempt to move bytes without blocking.
enum class Step : std::uint8_t {
  done,        ///< `count` octets were moved, at least one.
  want_read,   ///< Try again when the socket is readable.
  want_write,  ///< Try again when the socket is writable.
  ended,       ///< The peer ended the stream in an orderly way.
  failed,  ///< The stream is broken. `os_error` is the reason; if it is 0, the failing layer gives
           ///< it.
};

/// The result type of the layers of a stream (socket, TLS, deflate). Each layer is a set of
/// functions that never block and return an Attempt. Waiting happens in one place above all layers,
/// so a layer needs neither a coroutine nor a buffer of its own.
struct Attempt {
  Step step = Step::failed;
  std::size_t count = 0;
  int os_error = 0;
};

}  // namespace posthorn::net
