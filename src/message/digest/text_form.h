#pragma once

namespace posthorn::message {

/// The respects in which a message's octets cannot be sent unchanged over a line-based protocol. If
/// none applies, POP3 sends the message unchanged, and its size is the stored one.
struct TextForm {
  /// There is an LF without a preceding CR, or a NUL (text::CrlfText changes both).
  bool bare_lf = false;
  bool open_end = false;     ///< The last line has no LF.
  bool header_8bit = false;  ///< The message's own header contains octets above 127.
};

}  // namespace posthorn::message
