#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wire/imap/response/response.h"

namespace posthorn::client {

/// The parts of a status response (RFC 9051 §7.1).
struct StatusLine {
  std::string_view tag;  ///< "*" if it is untagged.
  wire::imap::Condition condition = wire::imap::Condition::bad;
  std::string_view code;  ///< The text between the brackets, e.g. "APPENDUID 38505 3955"; empty if
                          ///< there is none.
  std::string_view text;
};

/// Returns none if `line` (without CRLF) is not a status response.
std::optional<StatusLine> parse_status_line(std::string_view line);

/// The result of a command, and the responses received until then.
struct ImapReply {
  wire::imap::Condition condition = wire::imap::Condition::bad;  ///< ok, no or bad.
  std::string code;                                              ///< As in StatusLine.
  std::string text;
  /// The untagged responses received during the command, with literals inline and without the last
  /// CRLF.
  std::vector<std::string> untagged;

  [[nodiscard]] bool ok() const { return condition == wire::imap::Condition::ok; }
};

}  // namespace posthorn::client
