#include "wire/lex/lf_lines.h"

#include <utility>

namespace posthorn::wire::lex {

std::optional<std::string> LfLines::take(std::string_view& input) {
  const std::size_t lf = input.find('\n');
  const std::string_view part = input.substr(0, lf);
  if (too_long_ || held_.size() + part.size() > limit_) {
    too_long_ = true;
    held_ = {};
    input = {};
    return std::nullopt;
  }
  held_ += part;
  input.remove_prefix(lf == std::string_view::npos ? input.size() : lf + 1);
  if (lf == std::string_view::npos) return std::nullopt;
  return std::exchange(held_, {});
}

}  // namespace posthorn::wire::lex
