#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace posthorn {

/// What went wrong, as data. Each protocol maps a kind to its own reply in one place
/// (`server/imap/reply.cc`, `server/lmtp/reply.cc`).
enum class ErrorKind : unsigned char {
  syntax,            ///< Bytes from outside do not follow the grammar.
  bad_argument,      ///< Grammatical, but the value makes no sense here.
  not_found,         ///< The named mailbox, message, account or record is not there.
  already_exists,    ///< The name is taken.
  no_permission,     ///< Known, but not allowed.
  auth_failed,       ///< Credentials refused. Never says which half was wrong.
  over_quota,        ///< The account's limit of bytes or messages would be passed.
  too_big,           ///< One item is larger than the server takes.
  limit,             ///< A bound of number or rate was met (keywords, sessions, depth).
  conflict,          ///< An engine's expected tail was not the tail. Never reaches a client.
  unavailable,       ///< Could work later: shutting down, overloaded, engine resuming.
  would_block,       ///< A cached-only read was not in the cache. Never reaches a client.
  corrupt,           ///< A record failed its checksum or contradicts another.
  io,                ///< The disk or the network failed.
  closed,            ///< The peer went away.
  timed_out,         ///< A deadline passed.
  not_supported,     ///< Grammatical and meaningful, but not offered here.
  unknown_charset,   ///< RFC 5530 BADCHARSET.
  unknown_encoding,  ///< RFC 3516 UNKNOWN-CTE.
  server_bug,        ///< Our own fault; logged with its cause.
};

/// The kind's name for logs, e.g. "over_quota".
std::string_view name_of(ErrorKind kind);

/// One failure: its kind, a sentence for whoever has to act on it, and where it arose.
struct Error {
  ErrorKind kind = ErrorKind::server_bug;
  std::string text;
  std::string cause = {};  ///< The lower layer's words, for the log only; never sent to a client.
};

}  // namespace posthorn
