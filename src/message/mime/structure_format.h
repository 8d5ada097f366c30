#pragma once

#include <string>
#include <string_view>

#include "message/mime/part.h"

/// The wire form of ENVELOPE, BODY and BODYSTRUCTURE (RFC 9051 §7.5.2, §9). It is made
/// once, at delivery, and stored.
namespace posthorn::message {

/// What becomes of raw 8-bit text in a header. Text that is not valid UTF-8 becomes encoded-words
/// in both forms.
enum class StringForm : unsigned char {
  ascii,  ///< It becomes encoded-words: for clients that did not enable UTF-8 (RFC 9755 §3).
  utf8,   ///< UTF-8 (RFC 6532) stays as it is: after ENABLE UTF8=ACCEPT and in IMAP4rev2.
};

/// A `string` in ASCII form: quoted, or a literal when quoted cannot say it or would be long. NUL,
/// which neither may hold, is left out.
void format_string(std::string& out, std::string_view value);

// Both return whether the two forms differ: whether a string holds raw UTF-8.

/// Ten fields always; Sender and Reply-To fall back to From; an empty list is NIL.
bool format_envelope(std::string& out, const Envelope& envelope, StringForm form);

enum class BodyForm : unsigned char {
  basic,     ///< BODY.
  extended,  ///< BODYSTRUCTURE: all extension fields, of every part.
};
bool format_body(std::string& out, const Part& part, BodyForm body, StringForm form);

}  // namespace posthorn::message
