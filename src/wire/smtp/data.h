#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "wire/lex/dot_stuffer.h"

namespace posthorn::wire::smtp {

/// Decodes the message after DATA by removing its dots (RFC 5321 §4.5.2). Only CRLF ends a line,
/// and only CRLF.CRLF ends the message. A CR or LF alone is data, so "LF . LF" and similar
/// sequences, by which one message could smuggle in another, end nothing. Keeps no octets itself.
class DataReceiver {
 public:
  struct Span {
    std::string_view bytes;  ///< Points into `input` or to a constant. May be empty.
    bool end = false;  ///< The message is complete; the rest of `input` does not belong to it.
  };
  /// Consumes octets from the front of `input` until there is a span to return or all are consumed.
  /// Requires: the message has not ended.
  Span take(std::string_view& input);

  /// The number of octets returned so far: the size of the message.
  [[nodiscard]] std::uint64_t size() const { return size_; }
  /// Returns whether there was a NUL; RFC 5321 §4.1.1.4 allows refusing such a message.
  [[nodiscard]] bool has_nul() const { return has_nul_; }

 private:
  enum class At : std::uint8_t { line_start, dot, dot_cr, text, cr };
  Span give(std::string_view bytes);
  std::string_view take_text(std::string_view& input);
  At at_ = At::line_start;
  bool has_nul_ = false;
  std::uint64_t size_ = 0;
};

/// Takes the octets after one BDAT line (RFC 3030 §2), unchanged.
class ChunkReceiver {
 public:
  explicit ChunkReceiver(std::uint64_t octets) : left_(octets) {}
  /// Consumes the octets that belong to the chunk from the front of `input`. The chunk is complete
  /// when left() is 0.
  std::string_view take(std::string_view& input);
  [[nodiscard]] std::uint64_t left() const { return left_; }

 private:
  std::uint64_t left_;
};

/// Encodes a message for DATA, piece by piece, for clients. Doubles leading dots and writes only
/// CRLF as a line end. A CR or LF alone becomes CRLF (RFC 5321 §2.3.8): if it were sent unchanged,
/// a receiver that takes it for a line end could be made to see the end of the message too early.
class DataSender {
 public:
  /// Appends `piece` of the message to `out`.
  void add(std::string_view piece, std::string& out);
  /// Appends the end: a CRLF if the message does not end with one, and ".CRLF".
  void finish(std::string& out);

 private:
  lex::DotStuffer dots_;
  bool after_cr_ = false;  ///< A CR was written as CRLF: an LF that follows belongs to it.
};

}  // namespace posthorn::wire::smtp
