#pragma once

#include <openssl/types.h>

namespace posthorn::net {

/// Makes an OpenSSL BIO over a non-blocking socket, which it does not own. (OpenSSL's own socket
/// BIO uses write(2), so that a peer that has disconnected would kill the process with SIGPIPE.)
/// Returns null if memory ran out.
BIO* make_socket_bio(int fd);

}  // namespace posthorn::net
