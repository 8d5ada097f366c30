#pragma once

#include <string>
#include <string_view>

/// NUL in messages, for protocols that cannot transport it: IMAP literals (CHAR8, RFC 9051 §9) and
/// POP3 lines. Some clients close the connection when they see NUL, others end the text there.
namespace posthorn::text {

/// Sent instead of NUL, so that sizes and offsets are unchanged. It is not a valid character in
/// UTF-8.
inline constexpr char kNulSubstitute = '\x80';

/// Appends `piece` to `out` with every NUL replaced. For text without NUL, the cost is one memchr.
void append_without_nul(std::string& out, std::string_view piece);

}  // namespace posthorn::text
