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

/// What the grammar's rules read from: the text of one command, how far they are, and the first
/// thing that went wrong. A rule returns false after it has said what it wanted.
class Input {
 public:
  Input(std::string_view text, const ParseOptions& options) : text_(text), options_(options) {}

  [[nodiscard]] const ParseOptions& options() const { return options_; }
  [[nodiscard]] bool at_end() const { return at_ == text_.size(); }
  /// The next octet; NUL, which no rule takes, at the end.
  [[nodiscard]] char peek() const { return at_end() ? '\0' : text_[at_]; }
  [[nodiscard]] std::string_view rest() const { return text_.substr(at_); }

  /// Takes `c` if it is next.
  bool take(char c) {
    if (at_end() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  /// Takes `word` if it is next, in any case.
  bool take(std::string_view word) {
    if (!text::istarts_with(rest(), word)) return false;
    at_ += word.size();
    return true;
  }
  /// Takes the longest run of octets in `set`, perhaps empty.
  std::string_view take_run(const lex::CharSet& set) { return take_count(set.span(rest())); }
  /// Requires: that many are left.
  std::string_view take_count(std::size_t n) {
    const std::string_view run = text_.substr(at_, n);
    at_ += n;
    return run;
  }

  [[nodiscard]] std::size_t mark() const { return at_; }
  void back_to(std::size_t mark) { at_ = mark; }

  // White space between arguments. RFC 9051 §9 has exactly one space there and none inside
  // parentheses or at the end. Some clients and many scripts send more, and nothing else can be
  // meant by it, so every run of spaces between two arguments counts as one, and spaces inside
  // parentheses and at the end of the command are skipped. Rules for what stands inside a quoted
  // string take their spaces with take(' ').

  void skip_spaces() {
    while (take(' ')) continue;
  }
  /// One space or more between two arguments.
  bool sp() {
    if (!take(' ')) return expected("a space");
    skip_spaces();
    return true;
  }
  /// Takes the spaces before the next argument. False, with the spaces taken, if there is no
  /// further argument: at the end of the command, before ")" and where no space stands.
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

  /// Records that `what` should stand here. Returns false.
  bool expected(std::string_view what);
  bool refuse(ErrorKind kind, std::string text);
  /// Records that an argument is well-formed but cannot be carried out, and that parsing goes on:
  /// a mistake in the syntax of the rest counts more. The first one is kept. Returns true.
  bool object(Error objection);
  /// Counts one more item of a list against ParseOptions::list_items.
  bool within_list(std::size_t items) {
    return items < options_.list_items || refuse(ErrorKind::limit, "the list is too long");
  }

  Error take_error() { return std::move(error_); }
  std::optional<Error> take_objection() { return std::move(objection_); }

 private:
  std::string_view text_;
  const ParseOptions& options_;
  std::size_t at_ = 0;
  bool failed_ = false;
  Error error_;
  std::optional<Error> objection_;
};

}  // namespace posthorn::wire::imap
