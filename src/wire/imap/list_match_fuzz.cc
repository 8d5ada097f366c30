// Compares a pattern and a name, separated by NUL, with the plain definition by dynamic
// programming.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "text/ascii.h"
#include "wire/imap/list_match.h"

namespace {

// The set of prefixes of `name` that match the pattern read so far.
bool slow(std::string_view pattern, std::string_view name, bool fold) {
  std::vector<bool> can(name.size() + 1, false);
  can[0] = true;
  for (const char p : pattern) {
    std::vector<bool> next(name.size() + 1, false);
    for (std::size_t i = 0; i <= name.size(); ++i) {
      if (p == '*' || p == '%') {
        next[i] = can[i] || (i > 0 && next[i - 1] && (p == '*' || name[i - 1] != '/'));
      } else if (i > 0 && can[i - 1]) {
        const char n = name[i - 1];
        next[i] = n == p || (fold && posthorn::text::to_lower(n) == p);
      }
    }
    can.swap(next);
  }
  return can[name.size()];
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t cut = input.find('\0');
  if (cut == std::string_view::npos || size > 600) return 0;
  const std::string_view pattern = input.substr(0, cut);
  const std::string_view name = input.substr(cut + 1);
  const posthorn::wire::imap::ListPattern compiled("", pattern, '/');
  const bool expected =
      slow(pattern, name, false) || (name == "INBOX" && slow(pattern, name, true));
  if (compiled.matches(name) != expected) std::abort();
  return 0;
}
