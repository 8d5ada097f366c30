#include "app/mta/mta_check.h"

#include <algorithm>
#include <array>

#include "text/ascii.h"

namespace posthorn::app {
namespace {

constexpr std::string_view kService = "submission/inet/";

/// Calls `work` for each line.
template <class Work>
void for_each_line(std::string_view text, Work work) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    work(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

/// Adds "name = value" or "name=value" to `settings`, its name behind `prefix`.
void add(PostfixSettings& settings, std::string_view prefix, std::string_view line) {
  const std::size_t equals = line.find('=');
  if (line.starts_with('#') || equals == std::string_view::npos) return;
  settings[std::string(prefix) + std::string(text::trim(line.substr(0, equals)))] =
      text::trim(line.substr(equals + 1));
}

/// Splits a list at commas and white space. "check_policy_service" and the like belong to the word
/// that follows.
std::vector<std::string> elements_of(std::string_view value) {
  std::vector<std::string> elements;
  bool joins = false;
  while (true) {
    const std::size_t begin = value.find_first_not_of(", \t");
    if (begin == std::string_view::npos) return elements;
    value.remove_prefix(begin);
    const std::size_t end = std::min(value.find_first_of(", \t"), value.size());
    const std::string_view word = value.substr(0, end);
    value.remove_prefix(end);
    if (joins) {
      elements.back() += ' ' + std::string(word);
    } else {
      elements.emplace_back(word);
    }
    joins = word.starts_with("check_");
  }
}

bool is_list(std::string_view name) {
  return name.ends_with("_restrictions") || name.ends_with("_maps") || name.ends_with("_domains");
}

bool agrees(std::string_view name, std::string_view wanted, std::string_view found) {
  if (!is_list(name)) return wanted == found;
  const auto there = elements_of(found);
  return std::ranges::all_of(elements_of(wanted), [&](const std::string& element) {
    return std::ranges::find(there, element) != there.end();
  });
}

}  // namespace

PostfixSettings parse_postconf(std::string_view output) {
  PostfixSettings settings;
  for_each_line(output, [&](std::string_view line) { add(settings, {}, line); });
  return settings;
}

PostfixSettings parse_postfix_lines(std::string_view lines) {
  PostfixSettings settings;
  constexpr std::string_view kOption = "  -o ";
  for_each_line(lines, [&](std::string_view line) {
    if (line.starts_with(kOption)) {
      add(settings, kService, line.substr(kOption.size()));
    } else {
      add(settings, {}, line);
    }
  });
  return settings;
}

std::vector<PostfixDifference> compare_postfix(const PostfixSettings& wanted,
                                               const PostfixSettings& found) {
  std::vector<PostfixDifference> differences;
  for (const auto& [name, value] : wanted) {
    const auto at = found.find(name);
    const std::string there = at == found.end() ? std::string() : at->second;
    if (!agrees(name, value, there)) differences.push_back({name, value, there});
  }
  return differences;
}

}  // namespace posthorn::app
