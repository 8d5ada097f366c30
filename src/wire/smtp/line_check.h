#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace posthorn::wire::smtp {

/// What makes a message one that cannot be sent on as it is (RFC 5321 §2.3.8, §4.5.3.1.6).
enum class LineFault : std::uint8_t {
  none,
  bare_cr,   ///< A CR without its LF: some take it for a line end, and a message can be smuggled.
  bare_lf,   ///< An LF without its CR; the same.
  too_long,  ///< A line of more than 998 octets without its CRLF.
  nul,
};

/// Looks through a message as it comes, however it was cut. The first fault stays.
class LineCheck {
 public:
  static constexpr std::size_t kMaxLine = 998;

  void feed(std::string_view octets);
  /// The message is complete: a CR at its very end is alone.
  void finish() {
    if (cr_) set(LineFault::bare_cr);
  }
  [[nodiscard]] LineFault fault() const { return fault_; }

 private:
  void set(LineFault fault) {
    if (fault_ == LineFault::none) fault_ = fault;
  }
  LineFault fault_ = LineFault::none;
  std::size_t length_ = 0;  ///< Of the line so far.
  bool cr_ = false;         ///< The last octet was CR.
};

}  // namespace posthorn::wire::smtp
