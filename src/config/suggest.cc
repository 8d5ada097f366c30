#include "config/suggest.h"

#include <algorithm>
#include <vector>

#include "config/directory_schema.h"
#include "config/schema.h"

namespace posthorn::config {
namespace {

constexpr std::size_t kLongestName = 200;  // A longer name is not a mistyped key.

std::string_view last_part(std::string_view name) { return name.substr(name.rfind('.') + 1); }

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = a[i - 1] == b[j - 1];
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    std::swap(before, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

std::string_view suggest_key(std::string_view name) {
  if (name.size() > kLongestName) return {};
  std::string_view best;
  std::size_t least = std::max<std::size_t>(2, name.size() / 3) + 1;
  const auto consider = [&](const Key& key) {
    // The right key in the wrong table counts as one mistake.
    const bool moved = last_part(key.name) == last_part(name);
    const std::size_t distance = moved ? 1 : edit_distance(name, key.name);
    if (distance < least) {
      least = distance;
      best = key.name;
    }
  };
  std::ranges::for_each(schema(), consider);
  if (name.starts_with("directory.")) std::ranges::for_each(directory_keys(), consider);
  return best;
}

}  // namespace posthorn::config
