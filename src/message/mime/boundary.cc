#include "message/mime/boundary.h"

#include "text/ascii.h"

namespace posthorn::message {
namespace {

std::string_view trim_end(std::string_view s) {
  while (!s.empty() && text::is_space(s.back())) s.remove_suffix(1);
  return s;
}

}  // namespace

bool Boundaries::open(std::string_view boundary, std::size_t depth) {
  boundary = trim_end(boundary);
  if (boundary.empty() || boundary.size() > kMaxLength) return false;
  depths_[std::string(boundary)].push_back(depth);
  open_.emplace_back(depth, boundary);
  return true;
}

void Boundaries::close_from(std::size_t depth) {
  while (!open_.empty() && open_.back().first >= depth) {
    const auto at = depths_.find(open_.back().second);
    at->second.pop_back();
    if (at->second.empty()) depths_.erase(at);
    open_.pop_back();
  }
}

std::optional<Boundaries::Match> Boundaries::match(std::string_view line) const {
  if (line.size() > kMaxLine || !line.starts_with("--")) return std::nullopt;
  line = trim_end(line.substr(2));
  std::optional<Match> found;
  if (const auto at = depths_.find(line); at != depths_.end()) found = {at->second.back(), false};
  if (line.ends_with("--")) {
    const auto at = depths_.find(line.substr(0, line.size() - 2));
    if (at != depths_.end() && (!found || at->second.back() > found->depth))
      found = {at->second.back(), true};
  }
  return found;
}

}  // namespace posthorn::message
