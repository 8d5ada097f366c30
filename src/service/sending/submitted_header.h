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
  std::string hostname;     ///< Used where a domain is needed and none is known.
  Timestamp now;
};

/// Who wrote and who sent a message (RFC 5322 §3.6.2).
struct Authors {
  std::vector<EnvelopeAddress> from;    ///< At least one.
  std::vector<EnvelopeAddress> sender;  ///< Of the Sender field; empty if there is none.
};

/// A submitted message's header, as RFC 6409 §8 requires it.
struct SubmittedHeader {
  std::string added;  ///< Lines to prepend: From, Date and Message-ID if missing.
  Authors authors;
};

/// Checks and completes a header block. Errors: syntax, with a sentence for the sender: more than
/// one From or Sender, one of them without an address (RFC 5322 §3.6.2), too many authors, or no
/// From with a null return path.
Result<SubmittedHeader> complete_header(std::string_view header, const HeaderFacts& facts);

}  // namespace posthorn::service
