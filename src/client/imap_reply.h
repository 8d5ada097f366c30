#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wire/imap/response/response.h"

namespace posthorn::client {

/// A status response in its parts (RFC 9051 §7.1).
struct StatusLine {
  std::string_view tag;  ///< "*" for an untagged one.
  wire::imap::Condition condition = wire::imap::Condition::bad;
  std::string_view code;  ///< Between the brackets: "APPENDUID 38505 3955"; empty without one.
  std::string_view text;
};

/// Nothing when `line` (without CRLF) is not a status response.
std::optional<StatusLine> parse_status_line(std::string_view line);

/// How a command ended and what the server said until then.
struct ImapReply {
  wire::imap::Condition condition = wire::imap::Condition::bad;  ///< ok, no or bad.
  std::string code;                                              ///< As in StatusLine.
  std::string text;
  /// The untagged responses that came while it ran, literals inside, without the last CRLF.
  std::vector<std::string> untagged;

  [[nodiscard]] bool ok() const { return condition == wire::imap::Condition::ok; }
};

}  // namespace posthorn::client
