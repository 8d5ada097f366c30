#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace posthorn::wire::imap {

/// A mailbox name as a client wrote it, to UTF-8. Without `utf8` it is modified UTF-7 (RFC 3501
/// §5.1.3), or, since clients do so, plain UTF-8. With it, it is UTF-8 and '&' is just '&' (RFC
/// 9755 §3; Thunderbird). "inbox" in any case is "INBOX" (RFC 9051 §5.1). Errors: bad_argument for
/// what is neither, or holds control characters.
Result<std::string> decode_mailbox(std::string_view name, bool utf8);

/// The same for a LIST pattern. What can't be decoded is kept as it is: it matches nothing.
std::string decode_pattern(std::string pattern, bool utf8);

/// A mailbox name from UTF-8 to what the client reads: modified UTF-7 unless `utf8`.
/// Appends to `out`, unquoted.
void encode_mailbox(std::string_view name, bool utf8, std::string& out);

}  // namespace posthorn::wire::imap
