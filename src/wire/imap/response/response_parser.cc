#include "wire/imap/response/response_parser.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "wire/imap/chars.h"
#include "wire/imap/receiver.h"

namespace posthorn::wire::imap {

namespace {

// Characters that end an atom in a response; '[' is treated separately.
constexpr auto kResponseAtomChars = lex::CharSet::of([](char c) {
  return c != '(' && c != ')' && c != ' ' && c != '"' && c != '[' && c != ']' && !is_ctl(c);
});

bool is_status_name(std::string_view name) {
  for (const std::string_view status : {"OK", "NO", "BAD", "BYE", "PREAUTH"})
    if (text::iequals(name, status)) return true;
  return false;
}

std::string_view first_word(std::string_view text) { return text.substr(0, text.find(' ')); }

// Free text may look like a literal header at its end without being one.
bool may_have_literals(std::string_view line) {
  return line.starts_with("* ") && !is_status_name(first_word(line.substr(2)));
}

}  // namespace

ResponseReceiver::Event ResponseReceiver::next(std::string_view buffer) {
  for (;;) {
    const auto n = std::min<std::uint64_t>(literal_left_, buffer.size() - scanned_);
    scanned_ += static_cast<std::size_t>(n);
    literal_left_ -= n;
    if (n != 0) line_start_ = scanned_;
    if (literal_left_ != 0) return {};
    const void* lf = std::memchr(buffer.data() + scanned_, '\n', buffer.size() - scanned_);
    if (lf == nullptr) {
      scanned_ = buffer.size();
      return {scanned_ > limit_ ? Event::Kind::too_long : Event::Kind::need_more, {}, 0};
    }
    std::size_t end = static_cast<std::size_t>(static_cast<const char*>(lf) - buffer.data());
    scanned_ = end + 1;
    if (end > line_start_ && buffer[end - 1] == '\r') --end;
    LiteralHeader header;
    // Few lines end like a literal header; the kind of response is determined only for those.
    if (find_literal_header(buffer.substr(line_start_, end - line_start_), header) &&
        may_have_literals(buffer.substr(0, end))) {
      if (header.size > limit_ || scanned_ + header.size > limit_)
        return {Event::Kind::too_long, {}, 0};
      literal_left_ = header.size;
      line_start_ = scanned_;
      continue;
    }
    const Event event{Event::Kind::response, buffer.substr(0, end), scanned_};
    line_start_ = scanned_ = 0;
    return event;
  }
}

bool Token::is(std::string_view word) const {
  return kind != Kind::list && text::iequals(text, word);
}

TokenList TokenList::Iterator::children() const {
  const Token& token = (*all_)[at_];
  if (token.kind != Token::Kind::list) return {all_, at_, at_};
  return {all_, at_ + 1, token.next};
}

/// Reads tokens up to the end, or to the ']' that ends a response code.
class Response::Scanner {
 public:
  enum class Until : std::uint8_t { end, bracket };

  Scanner(Response& response, std::string_view text) : r_(response), text_(text) {}

  Status run(Until until);
  [[nodiscard]] std::size_t at() const { return at_; }

 private:
  [[nodiscard]] char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  Token& add(Token::Kind kind, std::string_view text);
  Status token();
  Status quoted();
  Status literal();
  Status atom(Until until);
  Status close_list();
  bool skip_brackets();
  bool literal_size(std::size_t& size);

  Response& r_;
  std::string_view text_;
  std::size_t at_ = 0;
};

Token& Response::Scanner::add(Token::Kind kind, std::string_view text) {
  const auto next = static_cast<std::uint32_t>(r_.tokens_.size() + 1);
  return r_.tokens_.emplace_back(kind, next, 0U, text);
}

Status Response::Scanner::run(Until until) {
  while (at_ < text_.size()) {
    const char c = text_[at_];
    Status status;
    if (c == ' ') {
      ++at_;
    } else if (c == '(') {
      r_.open_.push_back(static_cast<std::uint32_t>(r_.tokens_.size()));
      add(Token::Kind::list, {});
      ++at_;
    } else if (c == ')') {
      status = close_list();
    } else if (c == '"') {
      status = quoted();
    } else if (c == '{' || (c == '~' && text_.substr(at_ + 1).starts_with('{'))) {
      status = literal();
    } else if (c == ']' && until == Until::bracket) {
      break;
    } else {
      status = atom(until);
    }
    if (!status) return status;
  }
  if (!r_.open_.empty()) return fail(ErrorKind::syntax, "a list in the response is not closed");
  return {};
}

Status Response::Scanner::close_list() {
  if (r_.open_.empty()) return fail(ErrorKind::syntax, "a list in the response was not opened");
  r_.tokens_[r_.open_.back()].next = static_cast<std::uint32_t>(r_.tokens_.size());
  r_.open_.pop_back();
  ++at_;
  return {};
}

Status Response::Scanner::quoted() {
  const std::size_t start = ++at_;
  while (peek() != '"' && peek() != '\\') {
    if (at_ >= text_.size()) return fail(ErrorKind::syntax, "a string in the response has no end");
    ++at_;
  }
  if (peek() == '"') {
    add(Token::Kind::string, text_.substr(start, at_++ - start));
    return {};
  }
  // All unescaped text together is at most as long as the response, so the buffer never moves and
  // views stay valid.
  r_.unescaped_.reserve(text_.size());
  const std::size_t from = r_.unescaped_.size();
  r_.unescaped_ += text_.substr(start, at_ - start);
  for (; peek() != '"'; ++at_) {
    if (peek() == '\\') ++at_;
    if (at_ >= text_.size()) return fail(ErrorKind::syntax, "a string in the response has no end");
    r_.unescaped_ += text_[at_];
  }
  ++at_;
  add(Token::Kind::string, std::string_view(r_.unescaped_).substr(from));
  return {};
}

// "{" number "}" [CR] LF, leaving `at_` at its octets.
bool Response::Scanner::literal_size(std::size_t& size) {
  ++at_;
  const char* end = text_.data() + text_.size();
  const auto [stop, error] = std::from_chars(text_.data() + at_, end, size);
  if (error != std::errc()) return false;
  at_ = static_cast<std::size_t>(stop - text_.data());
  if (peek() == '+') ++at_;
  if (peek() != '}') return false;
  ++at_;
  if (peek() == '\r') ++at_;
  if (peek() != '\n') return false;
  ++at_;
  return size <= text_.size() - at_;
}

Status Response::Scanner::literal() {
  if (peek() == '~') ++at_;
  std::size_t size = 0;
  if (!literal_size(size)) return fail(ErrorKind::syntax, "a literal in the response is malformed");
  add(Token::Kind::string, text_.substr(at_, size));
  at_ += size;
  return {};
}

// Reads from '[' to the matching ']', including the header names inside.
bool Response::Scanner::skip_brackets() {
  while (at_ < text_.size()) {
    const char c = text_[at_];
    if (c == '{') {
      std::size_t size = 0;
      if (!literal_size(size)) return false;
      at_ += size;
      continue;
    }
    ++at_;
    if (c == ']') return true;
    if (c != '"') continue;
    for (; peek() != '"'; ++at_) {
      if (peek() == '\\') ++at_;
      if (at_ >= text_.size()) return false;
    }
    ++at_;
  }
  return false;
}

Status Response::Scanner::atom(Until until) {
  const std::size_t start = at_;
  const auto run = [&] { at_ += kResponseAtomChars.span(text_.substr(at_)); };
  run();
  if (until == Until::end && peek() == '[') {
    if (!skip_brackets()) return fail(ErrorKind::syntax, "a section in the response has no end");
    run();
  } else if (peek() == '[' || (peek() == ']' && until == Until::end)) {
    ++at_;  // Part of a keyword or name.
    run();
  }
  if (at_ == start) return fail(ErrorKind::syntax, "there is an unexpected octet in the response");
  const std::string_view word = text_.substr(start, at_ - start);
  if (text::iequals(word, "NIL")) {
    add(Token::Kind::nil, word);
    return {};
  }
  std::uint64_t number = 0;
  const auto [stop, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  const bool is_number =
      error == std::errc() && stop == word.data() + word.size() && number <= INT64_MAX;
  add(is_number ? Token::Kind::number : Token::Kind::atom, word).number = is_number ? number : 0;
  return {};
}

bool Response::is(std::string_view name) const { return text::iequals(name_, name); }

std::string_view Response::code() const {
  return status_ && !tokens_.empty() ? tokens_.front().text : std::string_view{};
}

Status Response::parse(std::string_view text) {
  tokens_.clear();
  open_.clear();
  unescaped_.clear();
  number_.reset();
  tag_ = name_ = text_ = {};
  status_ = false;
  if (text.starts_with('+')) {
    kind_ = Kind::continuation;
    text_ = text.substr(text.starts_with("+ ") ? 2 : 1);
    return {};
  }
  const auto word = [&text] {
    const std::string_view taken = first_word(text);
    text.remove_prefix(std::min(text.size(), taken.size() + 1));
    return taken;
  };
  tag_ = word();
  kind_ = tag_ == "*" ? Kind::untagged : Kind::tagged;
  name_ = word();
  if (std::uint32_t n = 0; !name_.empty() && kDigits.span(name_) == name_.size()) {
    const auto [_, error] = std::from_chars(name_.data(), name_.data() + name_.size(), n);
    if (error != std::errc())
      return fail(ErrorKind::syntax, "a number in the response is too large");
    number_ = n;
    name_ = word();
  }
  if (tag_.empty() || name_.empty()) return fail(ErrorKind::syntax, "the response has no name");
  status_ = is_status_name(name_);
  if (!status_) {
    // Not even an empty list is allowed: after a tag comes a status.
    if (kind_ == Kind::tagged) return fail(ErrorKind::syntax, "a tagged response has no status");
    return Scanner(*this, text).run(Scanner::Until::end);
  }
  if (text.starts_with('[')) {
    text.remove_prefix(1);
    Scanner scanner(*this, text);
    if (Status status = scanner.run(Scanner::Until::bracket); !status) return status;
    if (scanner.at() == text.size()) return fail(ErrorKind::syntax, "a response code has no end");
    text.remove_prefix(scanner.at() + 1);
    if (text.starts_with(' ')) text.remove_prefix(1);
  }
  text_ = text;
  return {};
}

}  // namespace posthorn::wire::imap
