#include "server/imap/reply.h"

namespace posthorn::server::imap {
namespace {

// RFC 9051 §7.1, RFC 5530.
std::string_view code_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::bad_argument: return "CANNOT";
    case ErrorKind::not_found: return "NONEXISTENT";
    case ErrorKind::already_exists: return "ALREADYEXISTS";
    case ErrorKind::no_permission: return "NOPERM";
    case ErrorKind::auth_failed: return "AUTHENTICATIONFAILED";
    case ErrorKind::over_quota: return "OVERQUOTA";
    case ErrorKind::too_big: return "TOOBIG";
    case ErrorKind::limit: return "LIMIT";
    case ErrorKind::unavailable:
    case ErrorKind::timed_out:
    case ErrorKind::closed: return "UNAVAILABLE";
    case ErrorKind::not_supported: return "CANNOT";
    case ErrorKind::unknown_charset: return "BADCHARSET (UTF-8 US-ASCII)";
    case ErrorKind::unknown_encoding: return "UNKNOWN-CTE";
    case ErrorKind::syntax: return "";
    case ErrorKind::conflict:
    case ErrorKind::would_block:
    case ErrorKind::corrupt:
    case ErrorKind::io:
    case ErrorKind::server_bug: return "SERVERBUG";
  }
  return "SERVERBUG";
}

/// One line of it, whatever a lower layer put there.
std::string line_of(const Error& error) {
  std::string text = error.text.empty() ? std::string(name_of(error.kind)) : error.text;
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || (c & 0x80) != 0) c = '?';
  }
  return text;
}

}  // namespace

Reply reply_to(const Error& error) {
  if (error.kind == ErrorKind::syntax) return Reply::bad(line_of(error));
  return Reply::no(line_of(error), std::string(code_of(error.kind)));
}

Reply reply_to_parse(const Error& error) {
  if (error.kind == ErrorKind::unknown_charset || error.kind == ErrorKind::not_supported) {
    return reply_to(error);
  }
  // RFC 5530 has CLIENTBUG for it; BAD says as much.
  return Reply::bad(line_of(error));
}

}  // namespace posthorn::server::imap
