#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace posthorn::wire::imap {

/// Converts a mailbox name as sent by a client to UTF-8. Without `utf8`, the name is in modified
/// UTF-7 (RFC 3501 §5.1.3); plain UTF-8 is accepted too, since clients send it. With `utf8`, it is
/// UTF-8, and '&' has no special meaning (RFC 9755 §3; Thunderbird). "inbox" in any case becomes
/// "INBOX" (RFC 9051 §5.1). Errors: bad_argument if it is neither, or contains control characters.
Result<std::string> decode_mailbox(std::string_view name, bool utf8);

/// The same for a LIST pattern. A pattern that cannot be decoded is kept as it is and matches
/// nothing.
std::string decode_pattern(std::string pattern, bool utf8);

/// Converts a mailbox name from UTF-8 to the form the client reads, which is modified UTF-7 unless
/// `utf8`. Appends it to `out`, unquoted.
void encode_mailbox(std::string_view name, bool utf8, std::string& out);

}  // namespace posthorn::wire::imap
