#include "wire/lex/dot_stuffer.h"

namespace posthorn::wire::lex {

void DotStuffer::add(std::string_view piece, std::string& out) {
  if (piece.empty()) return;
  if (at_line_start_ && piece.front() == '.') out += '.';
  at_line_start_ = piece.back() == '\n';
  while (true) {
    const std::size_t dot = piece.find("\n.");
    if (dot == std::string_view::npos) break;
    out += piece.substr(0, dot + 1);
    out += '.';
    piece.remove_prefix(dot + 1);
  }
  out += piece;
}

void DotStuffer::finish(std::string& out) {
  if (!at_line_start_) out += "\r\n";
  out += ".\r\n";
  at_line_start_ = true;
}

}  // namespace posthorn::wire::lex
