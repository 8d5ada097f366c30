#pragma once

#include <string>
#include <string_view>

namespace posthorn::message {

struct BaseSubject {
  std::string text;               ///< The base subject (RFC 5256 §2.1), in UTF-8, not folded.
  bool reply_or_forward = false;  ///< A re, fw, (fwd) or [fwd: ] was removed (RFC 5256 §3).
};

/// Requires: `decoded` is the result of decode_header_value for a Subject field (step 1 of the
/// algorithm).
BaseSubject base_subject(std::string_view decoded);

}  // namespace posthorn::message
