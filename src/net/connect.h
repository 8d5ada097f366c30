#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "net/stream.h"

namespace posthorn::net {

class TlsClientContext;

/// Connects to a host (name or address; its addresses are tried one after the other) on the current
/// loop. `deadline` bounds the whole. Errors: not_found (no such host), timed_out, unavailable
/// (refused or unreachable), io.
async::Task<Result<std::unique_ptr<Stream>>> connect(std::string host, std::uint16_t port,
                                                     std::chrono::milliseconds deadline);

/// To a unix socket. Errors: as above; bad_argument for a path that is too long.
async::Task<Result<std::unique_ptr<Stream>>> connect_unix(std::string path,
                                                          std::chrono::milliseconds deadline);

/// The client side of TLS, now. `host` is the name sent (SNI), and the one the certificate must be
/// for when the context verifies. Requires: a stream of connect() or make_stream(). Errors: syntax
/// (the handshake failed, the certificate among the reasons: see the cause), timed_out, closed.
async::Task<Status> start_tls_client(Stream& stream, std::shared_ptr<TlsClientContext> context,
                                     std::string host, std::chrono::milliseconds deadline);

}  // namespace posthorn::net
