#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "net/stream.h"

namespace posthorn::net {

class TlsClientContext;

/// Connects to a host, given by name or address, on the current loop. The addresses of a name are
/// tried one after the other. `deadline` bounds the whole operation.
/// Errors: not_found (no such host), timed_out, unavailable (refused or unreachable), io.
async::Task<Result<std::unique_ptr<Stream>>> connect(std::string host, std::uint16_t port,
                                                     std::chrono::milliseconds deadline);

/// Connects to a Unix socket. Errors: as above; bad_argument if the path is too long.
async::Task<Result<std::unique_ptr<Stream>>> connect_unix(std::string path,
                                                          std::chrono::milliseconds deadline);

/// Starts TLS as the client. `host` is sent as the server name (SNI); if the context verifies
/// certificates, the certificate must be valid for it.
/// Requires: a stream made by connect() or make_stream().
/// Errors: syntax (the handshake failed or the certificate was refused; the cause says which),
/// timed_out, closed.
async::Task<Status> start_tls_client(Stream& stream, std::shared_ptr<TlsClientContext> context,
                                     std::string host, std::chrono::milliseconds deadline);

}  // namespace posthorn::net
