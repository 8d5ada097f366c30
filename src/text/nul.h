#pragma once

#include <string>
#include <string_view>

/// NUL in a message, for protocols that cannot carry it: the literals of IMAP (CHAR8, RFC 9051
/// §9) and the lines of POP3. Clients close the connection over it or take the text to end
/// there.
namespace posthorn::text {

/// Sent in place of NUL, so that sizes and offsets stay as they are. It is no character in UTF-8.
inline constexpr char kNulSubstitute = '\x80';

/// Appends `piece` to `out` with every NUL replaced. Costs one memchr for text without any.
void append_without_nul(std::string& out, std::string_view piece);

}  // namespace posthorn::text
