#include "server/imap/reply.h"

#include "text/ascii.h"

namespace posthorn::server::imap {
namespace {

using wire::imap::CodeName;

// RFC 9051 §7.1, RFC 5530.
wire::imap::Code code_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::bad_argument:
    case ErrorKind::not_supported: return CodeName::cannot;
    case ErrorKind::not_found: return CodeName::nonexistent;
    case ErrorKind::already_exists: return CodeName::already_exists;
    case ErrorKind::no_permission: return CodeName::no_perm;
    case ErrorKind::auth_failed: return CodeName::authentication_failed;
    case ErrorKind::over_quota: return CodeName::over_quota;
    case ErrorKind::too_big: return CodeName::too_big;
    case ErrorKind::limit: return CodeName::limit;
    case ErrorKind::corrupt: return CodeName::corruption;
    case ErrorKind::io:  // Temporary: the disk may work again later.
    case ErrorKind::unavailable:
    case ErrorKind::timed_out:
    case ErrorKind::closed: return CodeName::unavailable;
    case ErrorKind::unknown_charset: return wire::imap::code::BadCharset{{"UTF-8", "US-ASCII"}};
    case ErrorKind::unknown_encoding: return CodeName::unknown_cte;
    case ErrorKind::syntax: return {};
    case ErrorKind::conflict:
    case ErrorKind::would_block:
    case ErrorKind::server_bug: return CodeName::server_bug;
  }
  return CodeName::server_bug;
}

/// The text begins with a capital letter, as all texts of responses do.
std::string text_of(const Error& error) {
  std::string text = error.text.empty() ? std::string(name_of(error.kind)) : error.text;
  text.front() = text::to_upper(text.front());
  return text;
}

}  // namespace

Reply reply_to(const Error& error) {
  if (error.kind == ErrorKind::syntax) return Reply::bad(text_of(error));
  return Reply::no(text_of(error), code_of(error.kind));
}

Reply reply_to_parse(const Error& error) {
  if (error.kind == ErrorKind::unknown_charset || error.kind == ErrorKind::not_supported) {
    return reply_to(error);
  }
  // RFC 5530 has CLIENTBUG for this case, but BAD says the same.
  return Reply::bad(text_of(error));
}

}  // namespace posthorn::server::imap
