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

/// How a connection begins.
enum class Transport : std::uint8_t {
  plain,         ///< In clear. A protocol that has STARTTLS or STLS offers it when there is TLS.
  implicit_tls,  ///< With a TLS handshake before the protocol's first octet (RFC 8314 §3).
};

/// Returns the certificates in use now; null where there is no TLS. Thread: any loop's.
using TlsSource = std::function<std::shared_ptr<net::TlsContext>()>;

/// What `source` returns; null when it is empty.
[[nodiscard]] std::shared_ptr<net::TlsContext> current_tls(const TlsSource& source);

/// Does the handshake of an implicit_tls connection, for which `deadline` is the time in all; does
/// nothing on a plain one. Returns false when the connection is only to be closed; why is logged,
/// under `protocol`.
async::Task<bool> begin(net::Stream& stream, Transport transport, const TlsSource& tls,
                        std::chrono::milliseconds deadline, std::string_view protocol);

}  // namespace posthorn::server::frame
