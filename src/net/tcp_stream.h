#pragma once

#include <memory>

#include "net/stream.h"

namespace posthorn::net {

/// A stream over a connected TCP or unix socket, on the current loop. Takes the descriptor over,
/// also when it fails; sets it non-blocking, and for TCP no delay and keep-alive. Errors: io.
/// Requires: Loop::current().
///
/// One coroutine may read while others write. A coroutine that waits in the stream must end before
/// the stream is destroyed: shutdown_now() makes it.
Result<std::unique_ptr<Stream>> make_stream(int fd);

}  // namespace posthorn::net
