#pragma once

#include <string>

#include "message/header/header.h"

namespace posthorn::message {

/// A header field for a client that did not ask for UTF-8 (RFC 6856 §2.1): all ASCII, with a fold
/// in place of a line that would grow long. What is in words beyond ASCII becomes encoded-words
/// (RFC 2047), also where that grammar has no place for them (an address, RFC 6532, which such a
/// client could not answer to in any form, and MIME parameters, which real clients decode). Octets
/// that are no UTF-8 are guessed at, as in text::decode_words. A line that is no field gets '?' for
/// each such octet. The field as it is when it is ASCII.
std::string ascii_field(const HeaderField& field);

}  // namespace posthorn::message
