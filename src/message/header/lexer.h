#pragma once

#include <string>
#include <string_view>

/// The lexical level of structured header fields (RFC 5322 §3.2, RFC 2045 §5.1),
/// lenient: nothing is refused, everything advances.
namespace posthorn::message {

/// Reads tokens off an unfolded value. Every function consumes at least what it returns.
class Lexer {
 public:
  explicit Lexer(std::string_view in) : in_(in) {}
  [[nodiscard]] bool at_end() const { return at_ >= in_.size(); }
  /// The next byte, or NUL at the end.
  [[nodiscard]] char peek() const { return at_end() ? '\0' : in_[at_]; }
  void skip() { ++at_; }
  /// Consumes `c` if it is next.
  bool take(char c);
  /// White space and comments (RFC 5322 §3.2.2). If `comment` is given it gets the text of
  /// the last one. An unclosed comment runs to the end. Nesting costs no recursion.
  void skip_cfws(std::string* comment = nullptr);
  /// The rest of a quoted-string after its opening quote, without quoting; unclosed: to the end.
  void quoted_string(std::string& out);
  /// The rest of a domain-literal after its "[", up to and with "]".
  void domain_literal(std::string& out);
  /// Bytes up to white space or one of `specials`.
  std::string_view run(std::string_view specials);
  /// Everything up to the first of `stops`, raw.
  std::string_view until(std::string_view stops);
  [[nodiscard]] std::size_t position() const { return at_; }

 private:
  std::string_view in_;
  std::size_t at_ = 0;
};

}  // namespace posthorn::message
