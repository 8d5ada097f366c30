#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace posthorn::wire::smtp {

/// Faults because of which a message cannot be sent unchanged (RFC 5321 §2.3.8, §4.5.3.1.6).
enum class LineFault : std::uint8_t {
  none,
  bare_cr,   ///< A CR without LF. Some receivers take it for a line end, which allows smuggling of
             ///< messages.
  bare_lf,   ///< An LF without CR; the same risk.
  too_long,  ///< A line of more than 998 octets, not counting CRLF.
  nul,
};

/// Checks a message as it arrives, in portions of any size. Only the first fault is kept.
class LineCheck {
 public:
  static constexpr std::size_t kMaxLine = 998;

  void feed(std::string_view octets);
  /// Ends the message. A CR at its very end is a bare CR.
  void finish() {
    if (cr_) set(LineFault::bare_cr);
  }
  [[nodiscard]] LineFault fault() const { return fault_; }

 private:
  void set(LineFault fault) {
    if (fault_ == LineFault::none) fault_ = fault;
  }
  LineFault fault_ = LineFault::none;
  std::size_t length_ = 0;  ///< Length of the current line so far.
  bool cr_ = false;         ///< The last octet was CR.
};

}  // namespace posthorn::wire::smtp
