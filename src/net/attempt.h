#pragma once

#include <cstddef>
#include <cstdint>

namespace posthorn::net {

/// How one try to move bytes without waiting ended.
enum class Step : std::uint8_t {
  done,        ///< `count` octets moved, more than none.
  want_read,   ///< Try again when the socket can be read.
  want_write,  ///< Try again when the socket can be written.
  ended,       ///< The peer's orderly end.
  failed,      ///< Broken; `os_error` says why, or the layer that broke does when it is 0.
};

/// The layers of a stream (socket, TLS, deflate) are functions that never wait and return one of
/// these; waiting is done above all of them in one place, so a layer needs no coroutine and no
/// buffer for it.
struct Attempt {
  Step step = Step::failed;
  std::size_t count = 0;
  int os_error = 0;
};

}  // namespace posthorn::net
