#pragma once

#include <string>

#include "message/header/header.h"

namespace posthorn::message {

/// Returns a header field in the form for a client that did not enable UTF-8 (RFC 6856 §2.1): in
/// ASCII, and folded where a line would become long. Words with non-ASCII characters become
/// encoded-words (RFC 2047), even where the grammar does not allow them: in addresses (RFC 6532),
/// which such a client could not answer in any form, and in MIME parameters, where real clients
/// decode them. The charset of octets that are not UTF-8 is guessed, as in text::decode_words. In a
/// line that is not a field, each such octet becomes '?'. A field in ASCII is returned unchanged.
std::string ascii_field(const HeaderField& field);

}  // namespace posthorn::message
