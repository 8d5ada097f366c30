#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "async/task.h"
#include "net/stream.h"

namespace posthorn::net {
class TlsContext;
}

namespace posthorn::server::frame {

/// How a connection starts.
enum class Transport : std::uint8_t {
  plain,  ///< In clear. Protocols that have STARTTLS or STLS offer it if there is a certificate.
  implicit_tls,  ///< With a TLS handshake before the protocol's first octet (RFC 8314 §3).
};

/// Returns the TLS certificates currently in use, or null if there are none. Thread: any loop's.
using TlsSource = std::function<std::shared_ptr<net::TlsContext>()>;

/// Returns what `source` returns, or null if `source` is empty.
[[nodiscard]] std::shared_ptr<net::TlsContext> current_tls(const TlsSource& source);

/// Returns the ALPN identifier of a protocol, which the log calls `protocol`; empty if none is
/// registered, as for submission and LMTP. The result is a literal.
[[nodiscard]] std::string_view alpn_of(std::string_view protocol);

/// Performs the TLS handshake of an implicit_tls connection within `deadline`; does nothing on a
/// plain one. Returns false if the connection can only be closed; the reason has been logged under
/// `protocol`.
async::Task<bool> begin(net::Stream& stream, Transport transport, const TlsSource& tls,
                        std::chrono::milliseconds deadline, std::string_view protocol);

}  // namespace posthorn::server::frame
