#pragma once

namespace posthorn::message {

/// How a message's octets differ from what a protocol of lines can carry: with none of these it
/// goes over POP3 as it is, and as long as it is.
struct TextForm {
  bool bare_lf = false;   ///< An LF without CR before it, or a NUL (text::CrlfText changes both).
  bool open_end = false;  ///< The last line has no LF.
  bool header_8bit = false;  ///< Octets above 127 in the message's own header.
};

}  // namespace posthorn::message
