#include "base/fault.h"

namespace posthorn {

bool is_our_fault(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::corrupt:
    case ErrorKind::io:
    case ErrorKind::conflict:
    case ErrorKind::would_block:
    case ErrorKind::server_bug: return true;
    default: return false;
  }
}

}  // namespace posthorn
