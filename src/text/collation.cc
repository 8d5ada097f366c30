#include "text/collation.h"

#include <algorithm>

#include "text/ascii.h"
#include "text/fold.h"

namespace posthorn::text {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool is_collation_char(char c) {
  return is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == ';' || c == '=' || c == '.';
}

/// The time is linear in the product of the lengths, both of which are short.
bool matches(std::string_view pattern, std::string_view name) {
  std::size_t at = 0;
  std::size_t star = std::string_view::npos;
  std::size_t from = 0;  // Where the text of the last star ends.
  std::size_t i = 0;
  while (i < name.size()) {
    if (at < pattern.size() && pattern[at] == '*') {
      star = at++;
      from = i;
    } else if (at < pattern.size() && to_upper(pattern[at]) == to_upper(name[i])) {
      ++at;
      ++i;
    } else if (star != std::string_view::npos) {
      at = star + 1;
      i = ++from;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', at) == std::string_view::npos;
}

}  // namespace

std::string_view name_of(Collation collation) {
  switch (collation) {
    case Collation::unicode_casemap: return "i;unicode-casemap";
    case Collation::ascii_casemap: return "i;ascii-casemap";
    case Collation::octet: return "i;octet";
  }
  return {};
}

void collate_append(Collation collation, std::string_view utf8, std::string& out) {
  switch (collation) {
    case Collation::unicode_casemap: fold_append(utf8, out); return;
    case Collation::ascii_casemap:
      out.reserve(out.size() + utf8.size());
      for (const char c : utf8) out += to_upper(c);
      return;
    case Collation::octet: out += utf8; return;
  }
}

std::string collate(Collation collation, std::string_view utf8) {
  std::string out;
  collate_append(collation, utf8, out);
  return out;
}

bool collation_matches(std::string_view wanted, Collation collation) {
  if (wanted.starts_with('+')) wanted.remove_prefix(1);
  if (iequals(wanted, "default")) return collation == kDefaultCollation;
  return matches(wanted, name_of(collation));
}

bool is_collation_order(std::string_view wanted) {
  constexpr std::size_t kLongest = 254;
  if (wanted.starts_with('+') || wanted.starts_with('-')) wanted.remove_prefix(1);
  if (wanted.empty() || wanted.size() > kLongest || wanted.contains("**")) return false;
  if (wanted.front() != '*' && !is_letter(wanted.front())) return false;
  return std::ranges::all_of(wanted, [](char c) { return c == '*' || is_collation_char(c); });
}

}  // namespace posthorn::text
