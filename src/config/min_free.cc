#include "config/min_free.h"

#include <algorithm>

#include "config/value.h"

namespace posthorn::config {
namespace {

constexpr std::uint64_t kMostPercent = 90;

}  // namespace

std::uint64_t MinFree::of(std::uint64_t disk) const {
  return std::min(octets, disk / 100 * percent + disk % 100 * percent / 100);
}

Result<MinFree> parse_min_free(std::string_view text) {
  if (text == "auto") return MinFree{1'000'000'000, 5};
  const auto bad = [] {
    return fail(ErrorKind::bad_argument,
                "must be a size such as \"10GB\", a part of the disk up to \"90%\", \"auto\", or "
                "\"0\"");
  };
  if (text.ends_with('%')) {
    const auto percent = parse_number(text.substr(0, text.size() - 1));
    if (!percent || *percent > kMostPercent) return bad();
    return MinFree{UINT64_MAX, *percent};
  }
  const auto octets = parse_size(text);
  if (!octets) return bad();
  return MinFree{*octets, 100};
}

}  // namespace posthorn::config
