#include "store/value/keyword_name.h"

#include <algorithm>
#include <set>

#include "store/value/mailbox.h"
#include "text/ascii.h"

namespace posthorn::store {
namespace {

bool is_atom_char(char c) {
  constexpr std::string_view kSpecials = "(){%*\"\\]";
  return c > ' ' && c < 0x7f && !kSpecials.contains(c);
}

}  // namespace

bool is_keyword_name(std::string_view name) {
  return !name.empty() && name.size() <= KeywordTable::kMaxLength &&
         std::ranges::all_of(name, is_atom_char);
}

void mend_keyword_names(std::vector<std::string>& names) {
  if (std::ranges::all_of(names, is_keyword_name)) return;
  std::set<std::string> taken;
  for (const std::string& name : names)
    if (is_keyword_name(name)) taken.insert(text::lower(name));
  for (std::string& name : names) {
    if (is_keyword_name(name)) continue;
    // Room for a number.
    name.resize(std::min(name.size(), KeywordTable::kMaxLength - 10));
    if (name.empty()) name = "_";
    std::ranges::replace_if(name, [](char c) { return !is_atom_char(c); }, '_');
    const std::string stem = name;
    for (std::size_t n = 2; !taken.insert(text::lower(name)).second; ++n)
      name = stem + "-" + std::to_string(n);
  }
}

}  // namespace posthorn::store
