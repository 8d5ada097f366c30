#include "message/surrogate.h"

#include <algorithm>

#include "text/ascii.h"
#include "text/rfc2047.h"

namespace posthorn::message {
namespace {

std::string with_question_marks(std::string_view bytes) {
  std::string out(bytes);
  std::ranges::replace_if(out, [](char c) { return (c & 0x80) != 0; }, '?');
  return out;
}

/// Characters that end a word in a structured field (RFC 5322 §3.2.3), except for those that are
/// common inside words.
bool is_special(char c) {
  return std::string_view("<>(),;:\"[]@").find(c) != std::string_view::npos;
}

/// Writes encoded-words, each on a line of its own.
std::string encoded(std::string_view raw) {
  const std::string words = text::ascii_words(text::unfold(raw));
  std::string out;
  for (const char c : words) out += c == ' ' ? "\r\n " : std::string(1, c);
  return out;
}

/// Rewrites one value from beginning to end.
class Rewriter {
 public:
  Rewriter(std::string_view value, bool keeps_quotes) : rest_(value), keeps_quotes_(keeps_quotes) {}

  std::string run() {
    while (!rest_.empty()) {
      const char c = rest_.front();
      if (c == '"')
        quoted_string();
      else if (text::is_space(c) || is_special(c))
        out_ += take(1);
      else
        words();
    }
    return std::move(out_);
  }

 private:
  std::string_view take(std::size_t count) {
    const std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(taken.size());
    return taken;
  }

  void quoted_string() {
    std::size_t end = 1;
    while (end < rest_.size() && rest_[end] != '"') end += rest_[end] == '\\' ? 2 : 1;
    const std::string_view whole = take(end + 1);
    if (text::is_ascii(whole)) {
      out_ += whole;
      return;
    }
    std::string inside;
    for (std::size_t i = 1; i < whole.size() && whole[i] != '"'; ++i) {
      if (whole[i] == '\\' && i + 1 < whole.size()) ++i;
      inside += whole[i];
    }
    // An encoded-word must not be quoted (RFC 2047 §5), but a parameter requires the quotes.
    out_ += keeps_quotes_ ? '"' + encoded(inside) + '"' : encoded(inside);
  }

  [[nodiscard]] std::size_t word_end(std::size_t from) const {
    while (from < rest_.size() && !text::is_space(rest_[from]) && !is_special(rest_[from])) ++from;
    return from;
  }

  /// Joins adjacent non-ASCII words, because white space between encoded-words is not part of the
  /// text (RFC 2047 §6.2).
  void words() {
    std::size_t end = word_end(0);
    if (text::is_ascii(rest_.substr(0, end))) {
      out_ += take(end);
      return;
    }
    while (true) {
      std::size_t next = end;
      while (next < rest_.size() && text::is_space(rest_[next])) ++next;
      const std::size_t next_end = word_end(next);
      if (next == end || text::is_ascii(rest_.substr(next, next_end - next))) break;
      end = next_end;
    }
    out_ += encoded(take(end));
  }

  std::string_view rest_;
  const bool keeps_quotes_;
  std::string out_;
};

}  // namespace

std::string ascii_field(const HeaderField& field) {
  if (text::is_ascii(field.whole)) return std::string(field.whole);
  if (field.name.empty() || !text::is_ascii(field.name)) return with_question_marks(field.whole);
  const std::string_view value = field.value;
  const auto before = static_cast<std::size_t>(value.data() - field.whole.data());
  const std::string_view end = field.whole.substr(before + value.size());
  std::string out(field.whole.substr(0, before));
  out += Rewriter(value, text::istarts_with(field.name, "content-")).run();
  out += end;
  return out;
}

}  // namespace posthorn::message
