#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "service/delivery/recipient.h"

namespace posthorn::service {

struct HeaderFacts {
  std::string return_path;  ///< "user@example.org"; empty for the null path.
  std::string hostname;     ///< Names what has no better name.
  Timestamp now;
};

/// What RFC 6409 §8 asks of a submitted message's header.
struct SubmittedHeader {
  std::string added;  ///< Lines for in front: From, Date and Message-ID where missing.
  std::vector<EnvelopeAddress> from;  ///< Everybody the message says it is from.
};

/// Judges a header block. Errors: syntax with a sentence for the sender: more than one From, or one
/// without an address (RFC 5322 §3.6.2); no From with a null return path.
Result<SubmittedHeader> complete_header(std::string_view header, const HeaderFacts& facts);

}  // namespace posthorn::service
