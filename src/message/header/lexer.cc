#include "message/header/lexer.h"

#include <algorithm>

#include "text/ascii.h"

namespace posthorn::message {

bool Lexer::take(char c) {
  if (at_end() || in_[at_] != c) return false;
  ++at_;
  return true;
}

void Lexer::skip_cfws(std::string* comment) {
  while (!at_end()) {
    if (text::is_space(in_[at_])) {
      ++at_;
      continue;
    }
    if (in_[at_] != '(') return;
    if (comment != nullptr) comment->clear();
    for (unsigned depth = 0; !at_end(); ++at_) {
      const char c = in_[at_];
      if (c == ')' && --depth == 0) break;
      if (c == '\\' && at_ + 1 < in_.size()) ++at_;
      if ((c != '(' || depth > 0) && comment != nullptr) comment->push_back(in_[at_]);
      if (c == '(') ++depth;
    }
    if (!at_end()) ++at_;
  }
}

void Lexer::quoted_string(std::string& out) {
  while (!at_end()) {
    const std::size_t stop = std::min(in_.find_first_of("\"\\", at_), in_.size());
    out.append(in_.substr(at_, stop - at_));
    at_ = stop;
    if (at_end() || in_[at_++] == '"') return;
    if (!at_end()) out.push_back(in_[at_++]);
  }
}

void Lexer::domain_literal(std::string& out) {
  out.push_back('[');
  while (!at_end() && in_[at_] != ']') {
    if (in_[at_] == '\\' && at_ + 1 < in_.size()) ++at_;
    if (!text::is_space(in_[at_])) out.push_back(in_[at_]);
    ++at_;
  }
  if (!at_end()) ++at_;
  out.push_back(']');
}

std::string_view Lexer::run(std::string_view specials) {
  const std::size_t start = at_;
  while (!at_end() && !text::is_space(in_[at_]) &&
         specials.find(in_[at_]) == std::string_view::npos)
    ++at_;
  return in_.substr(start, at_ - start);
}

std::string_view Lexer::until(std::string_view stops) {
  const std::size_t start = at_;
  at_ = std::min(in_.find_first_of(stops, at_), in_.size());
  return in_.substr(start, at_ - start);
}

}  // namespace posthorn::message
