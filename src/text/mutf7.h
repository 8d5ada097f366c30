#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace posthorn::text {

/// Decodes a mailbox name of IMAP4rev1 (modified UTF-7, RFC 3501 §5.1.3) to UTF-8. Only the
/// canonical spelling is accepted, so that no two spellings name the same mailbox. Returns nullopt
/// for octets outside printable ASCII, an unencoded "&", printable ASCII inside base64, superfluous
/// shifts, unpaired surrogates, and bits left over.
std::optional<std::string> mutf7_to_utf8(std::string_view name);

/// Encodes a name. Returns nullopt if `name` is not UTF-8. Control characters are encoded too.
std::optional<std::string> utf8_to_mutf7(std::string_view name);

}  // namespace posthorn::text
