#include "wire/lex/line_reader.h"

namespace posthorn::wire::lex {

void LineReader::keep(std::string_view part) {
  if (dropping_) return;
  if (held_.size() + part.size() > limit_ + 2) {
    dropping_ = true;
    held_ = {};
    return;
  }
  held_ += part;
}

std::optional<LineReader::Line> LineReader::take(std::string_view& input) {
  if (returned_) {
    held_.clear();
    returned_ = false;
  }
  while (!input.empty()) {
    const std::size_t lf = input.find('\n');
    if (lf == std::string_view::npos) {
      cr_ = input.back() == '\r';
      keep(input);
      input = {};
      return std::nullopt;
    }
    const bool ends = lf == 0 ? cr_ : input[lf - 1] == '\r';
    keep(input.substr(0, lf + 1));
    input.remove_prefix(lf + 1);
    cr_ = false;
    if (!ends) continue;
    if (dropping_) {
      dropping_ = false;
      return Line{{}, true};
    }
    returned_ = true;
    return Line{std::string_view(held_).substr(0, held_.size() - 2), false};
  }
  return std::nullopt;
}

}  // namespace posthorn::wire::lex
