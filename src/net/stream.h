#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "async/task.h"
#include "base/result.h"
#include "base/tap.h"

namespace posthorn::net {

class TlsContext;

/// When a connection began, and the octets that have passed since, as the protocol sees them:
/// without what TLS and deflate add or save.
struct Traffic {
  std::chrono::system_clock::time_point since;
  std::uint64_t in = 0;
  std::uint64_t out = 0;
};

/// A byte stream to and from one peer: a TCP or Unix socket, with TLS and deflate layered over it
/// when the protocol asks for them. Belongs to one loop. Holds no buffer while it waits for the
/// peer.
class Stream {
 public:
  virtual ~Stream() = default;

  /// Reads at least one octet and at most into.size(). Returns 0 when the peer has ended the stream
  /// in an orderly way.
  /// Errors: closed (also after shutdown_now()), io, timed_out (nothing arrived within `deadline`).
  virtual async::Task<Result<std::size_t>> read_some(std::span<char> into,
                                                     std::chrono::milliseconds deadline) = 0;
  /// Waits until the peer has sent data or has closed; returns false if wake() ended the wait.
  /// Needs no buffer, so idle sessions wait here. Errors: timed_out (`deadline` passed), closed.
  virtual async::Task<Result<bool>> wait_readable(std::chrono::milliseconds deadline) = 0;
  /// Ends a wait_readable() on the same loop early. Has no effect if none is pending.
  virtual void wake() = 0;
  /// Writes all of `bytes`, in the order of the calls, and flushes them to the socket. The deadline
  /// bounds each wait for the peer to accept data, not the whole operation.
  virtual async::Task<Status> write(std::string_view bytes, std::chrono::milliseconds deadline) = 0;

  /// Starts the server side of TLS (RFC 9051 §6.2.1); also used on ports with implicit TLS.
  ///
  /// Nothing received in the clear may be treated as received under TLS. Clear text that waits in
  /// the socket is therefore refused (`syntax`). The stream buffers none itself; a caller that has
  /// read ahead into its own buffer must refuse that data before the call. After any error the
  /// stream passes no more data and must be closed.
  /// Errors: syntax, timed_out (`deadline` bounds the whole handshake), closed, bad_argument (TLS
  /// or deflate is already active, or a write is in progress), not_supported (`context` is null:
  /// the certificate was removed since TLS was offered).
  ///
  /// `alpn` is the protocol's ALPN identifier, and must exist for as long as the stream; empty if
  /// the protocol has none. A client that names protocols and not this one is refused (RFC 7301
  /// §3.2), so that nobody can pass off a connection for another protocol's.
  virtual async::Task<Status> start_tls(std::shared_ptr<TlsContext> context,
                                        std::chrono::milliseconds deadline,
                                        std::string_view alpn) = 0;
  /// RFC 4978: compresses both directions from the next octet on. Every write() ends with a flush.
  /// Data that the caller has read ahead would be lost; a client must not send any before it has
  /// received the OK (RFC 4978 §3).
  virtual Status start_deflate() = 0;

  [[nodiscard]] virtual bool is_tls() const = 0;
  [[nodiscard]] virtual bool is_deflate() const = 0;
  /// For example "TLSv1.3 TLS_AES_256_GCM_SHA384"; empty without TLS.
  [[nodiscard]] virtual std::string tls_description() const = 0;
  /// The channel binding of type tls-server-end-point (RFC 5929) or tls-exporter (RFC 9266); empty
  /// if there is none.
  [[nodiscard]] virtual std::string channel_binding(std::string_view type) const = 0;
  /// The peer's address: "192.0.2.1:40000", "[::1]:40000" or "unix".
  [[nodiscard]] virtual std::string peer() const = 0;
  /// The user id of the process at the other end of a unix socket.
  [[nodiscard]] virtual std::optional<std::uint32_t> peer_user() const { return std::nullopt; }
  enum class NamedBy : std::uint8_t {
    proxy,    ///< The peer passes on what the client sends: nothing is known of the proxy from now.
    gateway,  ///< The peer itself is the program that speaks, on behalf of the client.
  };
  /// Replaces the peer by the client that the peer has named; the caller knows it to be trusted.
  virtual void set_peer(std::string, NamedBy) {}
  /// Whoever speaks, also after a gateway has named its client: the address that says whether this
  /// connection may leave the machine in clear.
  [[nodiscard]] virtual std::string speaker() const { return peer(); }
  /// The connection's number, which is in the log lines about it. It is not used again, also after
  /// a restart. 0 where there is none, as in tests.
  [[nodiscard]] virtual std::uint64_t id() const { return 0; }
  [[nodiscard]] virtual Traffic traffic() const { return {}; }
  /// Shows what passes from now on to `tap`; null ends that. Input is shown when it is read.
  virtual void set_tap(std::shared_ptr<Tap>) {}

  /// Returns true if the peer has closed its side or the connection is broken. Asks the system
  /// without reading or waiting. May return true while octets sent before the end are still unread.
  [[nodiscard]] virtual bool peer_has_left() { return false; }

  /// Sends close_notify, then closes. Waits for one second at most.
  virtual async::Task<void> close() = 0;
  /// Makes every wait on the stream end with `closed`.
  /// Thread: the loop's.
  virtual void shutdown_now() = 0;
};

}  // namespace posthorn::net
