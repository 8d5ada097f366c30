#pragma once

#include <string>
#include <string_view>

#include "message/mime/part.h"

/// The wire form of ENVELOPE, BODY and BODYSTRUCTURE (RFC 9051 sections 7.5.2 and 9). It is made
/// once, at delivery, and stored; nothing of it depends on the session. All of it is ASCII: raw
/// 8-bit text becomes encoded-words, since it may not be sent without UTF8=ACCEPT (RFC 6855).
namespace posthorn::message {

/// A `string`: quoted, or a literal when quoted cannot say it or would be long. NUL is dropped.
void format_string(std::string& out, std::string_view value);

/// Ten fields always; Sender and Reply-To fall back to From; an empty list is NIL.
void format_envelope(std::string& out, const Envelope& envelope);

enum class BodyForm : unsigned char {
  basic,     ///< BODY.
  extended,  ///< BODYSTRUCTURE: all extension fields, of every part.
};
void format_body(std::string& out, const Part& part, BodyForm form);

}  // namespace posthorn::message
