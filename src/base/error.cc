#include "base/error.h"

namespace posthorn {

std::string_view name_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::syntax: return "syntax";
    case ErrorKind::bad_argument: return "bad_argument";
    case ErrorKind::not_found: return "not_found";
    case ErrorKind::already_exists: return "already_exists";
    case ErrorKind::no_permission: return "no_permission";
    case ErrorKind::auth_failed: return "auth_failed";
    case ErrorKind::over_quota: return "over_quota";
    case ErrorKind::too_big: return "too_big";
    case ErrorKind::limit: return "limit";
    case ErrorKind::conflict: return "conflict";
    case ErrorKind::unavailable: return "unavailable";
    case ErrorKind::would_block: return "would_block";
    case ErrorKind::corrupt: return "corrupt";
    case ErrorKind::io: return "io";
    case ErrorKind::closed: return "closed";
    case ErrorKind::timed_out: return "timed_out";
    case ErrorKind::not_supported: return "not_supported";
    case ErrorKind::unknown_charset: return "unknown_charset";
    case ErrorKind::unknown_encoding: return "unknown_encoding";
    case ErrorKind::server_bug: return "server_bug";
  }
  return "unknown";
}

}  // namespace posthorn
