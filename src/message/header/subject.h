#pragma once

#include <string>
#include <string_view>

namespace posthorn::message {

struct BaseSubject {
  std::string text;               ///< RFC 5256 §2.1, UTF-8, not folded.
  bool reply_or_forward = false;  ///< RFC 5256 §3: a re, fw, (fwd) or [fwd: ] was removed.
};

/// Requires: `decoded` is what decode_header_value made of a Subject field (step 1).
BaseSubject base_subject(std::string_view decoded);

}  // namespace posthorn::message
