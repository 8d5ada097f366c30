#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "wire/lex/dot_stuffer.h"

namespace posthorn::wire::smtp {

/// The message after DATA, freed of its dots (RFC 5321 §4.5.2). Only CRLF ends a line, and only
/// CRLF.CRLF ends the message: a CR or LF alone is data like any other, and "LF . LF" and its kin,
/// with which a message could smuggle in another, end nothing. Holds no bytes of its own.
class DataReceiver {
 public:
  struct Span {
    std::string_view bytes;  ///< Of `input`, or of a constant. May be empty.
    bool end = false;        ///< The message is complete; what is left of input is not its.
  };
  /// Eats from the front of `input` until it has a span to give, or all is eaten. Requires: not
  /// ended.
  Span take(std::string_view& input);

  /// Octets given out so far: the message's size.
  [[nodiscard]] std::uint64_t size() const { return size_; }
  /// Whether a NUL was among them; RFC 5321 §4.1.1.4 lets such a message be refused.
  [[nodiscard]] bool has_nul() const { return has_nul_; }

 private:
  enum class At : std::uint8_t { line_start, dot, dot_cr, text, cr };
  Span give(std::string_view bytes);
  std::string_view take_text(std::string_view& input);
  At at_ = At::line_start;
  bool has_nul_ = false;
  std::uint64_t size_ = 0;
};

/// The octets after one BDAT line (RFC 3030 §2), taken as they are.
class ChunkReceiver {
 public:
  explicit ChunkReceiver(std::uint64_t octets) : left_(octets) {}
  /// Eats from the front of `input` what belongs to the chunk. Done when left() is 0.
  std::string_view take(std::string_view& input);
  [[nodiscard]] std::uint64_t left() const { return left_; }

 private:
  std::uint64_t left_;
};

/// The client's side of DATA, piece by piece: doubles dots, and lets only CRLF out as the end of a
/// line. A CR or LF alone becomes one (RFC 5321 §2.3.8): passed on as it is, a receiver that takes
/// it for a line's end could be made to see the end of the message where there is none.
class DataSender {
 public:
  /// Appends `piece` of the message to `out`.
  void add(std::string_view piece, std::string& out);
  /// Appends the end: a CRLF if the message lacks its last one, and ".CRLF".
  void finish(std::string& out);

 private:
  lex::DotStuffer dots_;
  bool after_cr_ = false;  ///< Which was made a CRLF: an LF that follows belongs to it.
};

}  // namespace posthorn::wire::smtp
