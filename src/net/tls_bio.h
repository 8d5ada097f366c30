#pragma once

#include <openssl/types.h>

namespace posthorn::net {

/// An OpenSSL BIO over a non-blocking socket it does not own. OpenSSL's own socket BIO writes with
/// write(2), and a peer that has gone would then kill the process with SIGPIPE. Null when out of
/// memory.
BIO* make_socket_bio(int fd);

}  // namespace posthorn::net
