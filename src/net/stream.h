#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "async/task.h"
#include "base/result.h"

namespace posthorn::net {

class TlsContext;

/// Bytes to and from one peer: a TCP or unix socket, with TLS and deflate laid over it as the
/// dialogue asks. Belongs to one loop. While it waits for the peer it holds no buffer.
class Stream {
 public:
  virtual ~Stream() = default;

  /// At least one octet, at most into.size(); 0 at the orderly end. Errors: closed, io, timed_out
  /// (nothing came within `deadline`), cancelled by shutdown_now() as `closed`.
  virtual async::Task<Result<std::size_t>> read_some(std::span<char> into,
                                                     std::chrono::milliseconds deadline) = 0;
  /// Ends when the peer has something to read, has closed, or `deadline` passed (timed_out), or
  /// wake() was called (then false). Costs no buffer: what an idle session waits in.
  virtual async::Task<Result<bool>> wait_readable(std::chrono::milliseconds deadline) = 0;
  /// Ends a wait_readable() of the same loop early. No effect when none waits.
  virtual void wake() = 0;
  /// All of it, in the order of the calls, flushed down to the socket. The deadline bounds every
  /// wait for the peer to take bytes, not the whole.
  virtual async::Task<Status> write(std::string_view bytes, std::chrono::milliseconds deadline) = 0;

  /// The server side of TLS, now (RFC 9051 §6.2.1); also for a port that begins with TLS. Nothing
  /// said in clear may count as said under TLS: clear text that waits in the socket is refused
  /// (`syntax`). A stream keeps none itself, so what a caller has read ahead into its own buffer is
  /// the caller's to refuse before it calls. After any error the stream passes nothing more, and is
  /// only to be closed. Errors: syntax, timed_out (`deadline` bounds the whole handshake), closed,
  /// bad_argument (TLS or deflate is there already, or a write is under way).
  virtual async::Task<Status> start_tls(std::shared_ptr<TlsContext> context,
                                        std::chrono::milliseconds deadline) = 0;
  /// RFC 4978: from the next octet on, both ways. Every write() ends with a flush. What the caller
  /// has read ahead would be lost: a client must not send before it has the OK (RFC 4978 §3).
  virtual Status start_deflate() = 0;

  [[nodiscard]] virtual bool is_tls() const = 0;
  [[nodiscard]] virtual bool is_deflate() const = 0;
  /// "TLSv1.3 TLS_AES_256_GCM_SHA384"; empty without TLS.
  [[nodiscard]] virtual std::string tls_description() const = 0;
  /// RFC 5929 tls-server-end-point / RFC 9266 tls-exporter; empty when there is none.
  [[nodiscard]] virtual std::string channel_binding(std::string_view type) const = 0;
  /// "192.0.2.1:40000", "[::1]:40000" or "unix".
  [[nodiscard]] virtual std::string peer() const = 0;

  /// Whether the peer has closed its side, or the connection is broken: asks the system, reads
  /// nothing, waits for nothing. True also while octets from before the end are still to be read.
  [[nodiscard]] virtual bool peer_has_left() { return false; }

  /// close_notify, then close; waits for nothing longer than a second.
  virtual async::Task<void> close() = 0;
  /// Makes every wait on the stream end with `closed`. Thread: the loop's.
  virtual void shutdown_now() = 0;
};

}  // namespace posthorn::net
