#pragma once

#include <string>
#include <string_view>

#include "message/mime/part.h"

/// The wire form of ENVELOPE, BODY and BODYSTRUCTURE (RFC 9051 §7.5.2, §9). It is made once, at
/// delivery, and stored.
namespace posthorn::message {

/// How raw 8-bit text in a header is formatted. Text that is not valid UTF-8 becomes encoded-words
/// in both forms.
enum class StringForm : unsigned char {
  ascii,  ///< As encoded-words: for clients that did not enable UTF-8 (RFC 9755 §3).
  utf8,   ///< UTF-8 (RFC 6532) unchanged: after ENABLE UTF8=ACCEPT, and in IMAP4rev2.
};

/// Formats a `string` in ASCII form: quoted, or a literal if a quoted string cannot represent it or
/// would be long. NUL, which neither form can contain, is dropped.
void format_string(std::string& out, std::string_view value);

// Both functions return whether the two forms differ, that is, whether a string contains raw UTF-8.

/// Writes ten fields always. Sender and Reply-To default to From; an empty list is NIL.
bool format_envelope(std::string& out, const Envelope& envelope, StringForm form);

enum class BodyForm : unsigned char {
  basic,     ///< BODY.
  extended,  ///< BODYSTRUCTURE: with the extension fields of every part.
};
bool format_body(std::string& out, const Part& part, BodyForm body, StringForm form);

}  // namespace posthorn::message
