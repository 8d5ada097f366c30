#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace posthorn::text {

/// A mailbox name of IMAP4rev1 (modified UTF-7, RFC 3501 §5.1.3) as UTF-8. Only the one
/// right spelling of a name is taken, so that no two spellings name one mailbox: nullopt for bytes
/// outside printable ASCII, an unencoded "&", printable ASCII inside base64, needless shifts,
/// surrogates that do not pair, and bits left over.
std::optional<std::string> mutf7_to_utf8(std::string_view name);

/// The other way. nullopt when `name` is not UTF-8. Control characters are encoded too.
std::optional<std::string> utf8_to_mutf7(std::string_view name);

}  // namespace posthorn::text
