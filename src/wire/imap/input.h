#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "text/ascii.h"
#include "wire/imap/command/command.h"
#include "wire/lex/char_set.h"

namespace posthorn::wire::imap {

/// The input of the grammar rules: the text of one command, the current position, and the first
/// error. A rule that returns false has recorded what it expected.
class Input {
 public:
  Input(std::string_view text, const ParseOptions& options) : text_(text), options_(options) {}

  [[nodiscard]] const ParseOptions& options() const { return options_; }
  [[nodiscard]] bool at_end() const { return at_ == text_.size(); }
  /// The next octet; at the end NUL, which no rule accepts.
  [[nodiscard]] char peek() const { return at_end() ? '\0' : text_[at_]; }
  [[nodiscard]] std::string_view rest() const { return text_.substr(at_); }

  /// Consumes `c` if it is next.
  bool take(char c) {
    if (at_end() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  /// Consumes `word` if it is next, ignoring case.
  bool take(std::string_view word) {
    if (!text::istarts_with(rest(), word)) return false;
    at_ += word.size();
    return true;
  }
  /// Consumes the longest run of octets in `set`, which may be empty.
  std::string_view take_run(const lex::CharSet& set) { return take_count(set.span(rest())); }
  /// Consumes `n` octets. Requires: at least `n` are left.
  std::string_view take_count(std::size_t n) {
    const std::string_view run = text_.substr(at_, n);
    at_ += n;
    return run;
  }

  [[nodiscard]] std::size_t mark() const { return at_; }
  void back_to(std::size_t mark) { at_ = mark; }

  // White space between arguments. RFC 9051 §9 requires exactly one space there, and none inside
  // parentheses or at the end. Some clients and many scripts send more, and their meaning is never
  // ambiguous. So every run of spaces between two arguments counts as one, and spaces inside
  // parentheses and at the end of the command are skipped. Rules for the inside of a quoted string
  // use take(' ') instead.

  void skip_spaces() {
    while (take(' ')) continue;
  }
  /// Consumes one or more spaces between two arguments.
  bool sp() {
    if (!take(' ')) return expected("a space");
    skip_spaces();
    return true;
  }
  /// Consumes the spaces before the next argument. Returns false, with the spaces consumed, if no
  /// argument follows: at the end of the command, before ")", or if there is no space.
  bool another() {
    if (!take(' ')) return false;
    skip_spaces();
    return !at_end() && peek() != ')';
  }
  bool open() {
    if (!take('(')) return expected("\"(\"");
    skip_spaces();
    return true;
  }
  bool close() {
    skip_spaces();
    return take(')') || expected("\")\"");
  }
  bool end() {
    skip_spaces();
    return at_end() || expected("the end of the command");
  }

  /// Records that `what` is expected here. Returns false.
  bool expected(std::string_view what);
  bool refuse(ErrorKind kind, std::string text);
  /// Records that an argument is well-formed but cannot be carried out. Parsing goes on, since a
  /// syntax error later in the command takes precedence. Only the first objection is kept. Returns
  /// true.
  bool object(Error objection);
  /// Checks the number of list items against ParseOptions::list_items.
  bool within_list(std::size_t items) {
    return items < options_.list_items || refuse(ErrorKind::limit, "the list is too long");
  }

  Error take_error() { return std::move(error_); }
  std::optional<Error> take_objection() { return std::move(objection_); }

  /// As object(): there is no such filter (RFC 5466 §3.1).
  bool object_to_filter(std::string name);
  std::string take_undefined_filter() { return std::move(undefined_filter_); }

 private:
  std::string_view text_;
  const ParseOptions& options_;
  std::size_t at_ = 0;
  bool failed_ = false;
  Error error_;
  std::optional<Error> objection_;
  std::string undefined_filter_;
};

}  // namespace posthorn::wire::imap
