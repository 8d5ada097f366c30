#pragma once

#include <string>
#include <string_view>

/// The lexical level of structured header fields (RFC 5322 §3.2, RFC 2045 §5.1). It is lenient: no
/// input is refused, and every call makes progress.
namespace posthorn::message {

/// Reads tokens from an unfolded value. Every function consumes at least what it returns.
class Lexer {
 public:
  explicit Lexer(std::string_view in) : in_(in) {}
  [[nodiscard]] bool at_end() const { return at_ >= in_.size(); }
  /// The next octet, or NUL at the end.
  [[nodiscard]] char peek() const { return at_end() ? '\0' : in_[at_]; }
  void skip() { ++at_; }
  /// Consumes `c` if it is next.
  bool take(char c);
  /// Skips white space and comments (RFC 5322 §3.2.2). If `comment` is given, it receives the text
  /// of the last comment. An unclosed comment extends to the end. Nested comments do not cause
  /// recursion.
  void skip_cfws(std::string* comment = nullptr);
  /// Reads the rest of a quoted-string after its opening quote and removes the quoting. An unclosed
  /// string extends to the end.
  void quoted_string(std::string& out);
  /// Reads the rest of a domain-literal after its "[", up to and including "]".
  void domain_literal(std::string& out);
  /// Reads up to white space or one of `specials`.
  std::string_view run(std::string_view specials);
  /// Reads everything up to the first of `stops`, unchanged.
  std::string_view until(std::string_view stops);
  [[nodiscard]] std::size_t position() const { return at_; }

 private:
  std::string_view in_;
  std::size_t at_ = 0;
};

}  // namespace posthorn::message
