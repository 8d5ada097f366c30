#pragma once

#include "base/error.h"

namespace posthorn {

/// Whether a failure of this kind is the server's own fault: it is then logged as an error, whoever
/// asked for what failed. All others are the client's, or pass by themselves.
bool is_our_fault(ErrorKind kind);

}  // namespace posthorn
