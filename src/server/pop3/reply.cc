#include "server/pop3/reply.h"

#include <string>
#include <utility>

#include "text/ascii.h"

namespace posthorn::server::pop3 {

using wire::pop3::Code;
using wire::pop3::Reply;

namespace {

Code code_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::auth_failed:
    case ErrorKind::no_permission: return Code::auth;
    case ErrorKind::unavailable:
    case ErrorKind::limit:
    case ErrorKind::io:
    case ErrorKind::timed_out:
    case ErrorKind::conflict:
    case ErrorKind::would_block: return Code::sys_temp;
    case ErrorKind::corrupt:
    case ErrorKind::server_bug: return Code::sys_perm;
    default: return Code::none;
  }
}

}  // namespace

// The text begins with a capital letter, as all texts of replies do.
Reply reply_to(const Error& error) {
  std::string text = error.text;
  if (!text.empty()) text.front() = text::to_upper(text.front());
  return Reply::err(std::move(text), code_of(error.kind));
}

}  // namespace posthorn::server::pop3
