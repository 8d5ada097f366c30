#pragma once

#include "base/error.h"

namespace posthorn {

/// Returns true if a failure of this kind is the server's own fault. It is then logged as an error,
/// whoever made the request. All other failures are the client's, or temporary.
bool is_our_fault(ErrorKind kind);

}  // namespace posthorn
