#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace posthorn {

/// The kinds of failure. Each protocol maps them to its own replies, most in one function
/// (`server/imap/reply.cc`, `server/lmtp/reply.cc`); fault.h says which are logged as the server's
/// own.
enum class ErrorKind : unsigned char {
  syntax,          ///< The input does not follow the grammar.
  bad_argument,    ///< The syntax is correct, but the value is invalid here.
  not_found,       ///< The named mailbox, message, account or record does not exist.
  already_exists,  ///< An object with this name exists already.
  no_permission,   ///< Understood, but not permitted.
  auth_failed,  ///< Credentials were refused. The text never says whether the name or the password
                ///< was wrong.
  over_quota,   ///< The account's limit of bytes or messages would be exceeded.
  too_big,      ///< One item is larger than the server accepts.
  limit,        ///< A limit of number or rate was reached (keywords, sessions, depth).
  conflict,     ///< The engine's tail was not the expected one. Never reaches a client.
  unavailable,  ///< May succeed later: shutting down, overloaded, or the engine is recovering.
  would_block,  ///< A read limited to the cache did not find its data there. Never reaches a
                ///< client.
  corrupt,      ///< A record failed its checksum, or contradicts another.
  io,           ///< The disk or the network failed.
  closed,       ///< The peer closed the connection.
  timed_out,    ///< A deadline passed.
  not_supported,     ///< Valid, but not offered here.
  unknown_charset,   ///< RFC 5530 BADCHARSET.
  unknown_encoding,  ///< RFC 3516 UNKNOWN-CTE.
  server_bug,        ///< A fault of the server itself; logged with its cause.
};

/// The kind's name for logs, e.g. "over_quota".
std::string_view name_of(ErrorKind kind);

/// A failure: its kind, a sentence for the person who has to act on it, and its cause in the layer
/// below.
struct Error {
  ErrorKind kind = ErrorKind::server_bug;
  std::string text;
  /// The lower layer's error text. For the log only; never sent to a client.
  std::string cause = {};
};

}  // namespace posthorn
