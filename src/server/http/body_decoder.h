#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string_view>

#include "server/http/parse_request.h"

namespace posthorn::server::http {

/// Finds the content of a request's body in the octets of a client, which come in portions of any
/// size (RFC 9112 §6.3, §7.1). Does no I/O and keeps no octets. Trailer fields are skipped.
class BodyDecoder {
 public:
  BodyDecoder(BodyFraming framing, const RequestLimits& limits);

  /// Replaces RequestLimits::body.
  void limit_body(std::uint64_t octets) { limits_.body = octets; }
  /// The same, counted from what has been consumed.
  void limit_rest(std::uint64_t octets) { limits_.body = content_ + octets; }

  struct Step {
    std::size_t consumed = 0;
    std::string_view content = {};  ///< The end of what was consumed; may be empty.
  };
  /// Consumes octets from the front of `input`: all, or up to the end of a run of content, or up to
  /// the end of the body. Errors: the response to send before closing; nothing may be called after
  /// one. Requires: is_done() is false.
  std::expected<Step, Response> take(std::string_view input);

  /// Returns whether the body has been consumed to its end.
  [[nodiscard]] bool is_done() const { return state_ == State::done; }
  /// Returns whether any octet of the body was consumed.
  [[nodiscard]] bool has_begun() const { return content_ + overhead_ > 0; }
  /// The octets that are certain to follow: of a body without chunks all, else those of a chunk.
  [[nodiscard]] std::uint64_t certain() const { return left_; }
  /// Returns whether the length announced exceeds the limit, so that reading is of no use.
  [[nodiscard]] bool is_announced_too_large() const { return content_ + left_ > limits_.body; }

 private:
  /// What comes next.
  enum class State : std::uint8_t {
    content,       ///< Of a body without chunks.
    size,          ///< The first digit of a chunk's size.
    more_size,     ///< Further digits, or what may follow them.
    size_space,    ///< White space, and then an extension.
    extension,     ///< Extensions, which are skipped.
    size_lf,       ///< The LF of a size line.
    chunk,         ///< The content of a chunk.
    chunk_cr,      ///< The CRLF behind it.
    chunk_lf,      ///<
    trailer,       ///< The first octet of a trailer field, or the CRLF that ends the body.
    trailer_line,  ///< The rest of a trailer field.
    trailer_lf,    ///< The LF that ends a trailer field.
    last_lf,       ///< The LF that ends the body.
    done,
  };
  [[nodiscard]] bool is_in_content() const {
    return state_ == State::content || state_ == State::chunk;
  }
  /// Consumes one octet of the framing. Returns false if it may not stand there.
  bool take_framing(char c);
  bool take_size_digit(char c);
  bool take_after_size(char c);
  bool end_size_line();
  [[nodiscard]] bool exceeds_a_limit() const;

  RequestLimits limits_;
  State state_;
  std::uint64_t left_ = 0;      ///< Octets of content before the next framing.
  std::uint64_t content_ = 0;   ///< Octets of content consumed.
  std::uint64_t overhead_ = 0;  ///< Octets of framing consumed.
  std::uint64_t line_ = 0;      ///< The same of this size line, or of the trailer.
};

}  // namespace posthorn::server::http
