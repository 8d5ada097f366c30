#include "directory/fields.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "auth/password/imported_password.h"
#include "text/ascii.h"

namespace posthorn::directory {
namespace {

constexpr auto kYes = std::to_array<std::string_view>(
    {"true", "t", "yes", "y", "on", "1", "active", "enabled", "ok"});
constexpr auto kNo = std::to_array<std::string_view>(
    {"false", "f", "no", "n", "off", "0", "inactive", "disabled", "locked", "noaccess"});
/// ADS_UF_ACCOUNTDISABLE.
constexpr std::uint64_t kAccountDisabled = 2;
constexpr std::size_t kMaxNameOctets = 255;

std::unexpected<Error> bad(std::string text) {
  return fail(ErrorKind::bad_argument, std::move(text));
}

/// None if it is not a number of decimal digits.
std::optional<std::uint64_t> number(std::string_view digits) {
  std::uint64_t value = 0;
  const char* const begin = digits.data();
  const char* const end = begin + digits.size();
  const auto [stopped, error] = std::from_chars(begin, end, value);
  if (digits.empty() || error != std::errc() || stopped != end) return std::nullopt;
  return value;
}

}  // namespace

Result<bool> parse_enabled(std::string_view field, std::string_view value) {
  if (text::iequals(field, "userAccountControl")) {
    const auto flags = number(value);
    if (!flags) return bad(fmt::format("{} is not a number", field));
    return (*flags & kAccountDisabled) == 0;
  }
  const std::string word = text::lower(value);
  const bool yes = std::ranges::find(kYes, word) != kYes.end();
  if (!yes && std::ranges::find(kNo, word) == kNo.end())
    return bad(fmt::format("{} is neither true nor false", field));
  return text::iequals(field, "nsAccountLock") ? !yes : yes;
}

Result<std::uint64_t> parse_quota(std::string_view value) {
  constexpr std::string_view kUnits = "kmgt";
  const std::size_t end = std::min(value.find_first_not_of("0123456789"), value.size());
  const auto octets = number(value.substr(0, end));
  std::string unit = text::lower(value.substr(end));
  if (unit.ends_with("ib")) {
    unit.resize(unit.size() - 2);
  } else if (unit.ends_with('b')) {
    unit.pop_back();
  }
  const std::size_t power = unit.empty() ? 0 : kUnits.find(unit) + 1;
  if (!octets || unit.size() > 1 || (!unit.empty() && power == 0) ||
      *octets > (UINT64_MAX >> (10 * power)))
    return bad("the quota is not a number of octets");
  return *octets << (10 * power);
}

Result<Password> parse_password(std::string_view value, std::string_view default_scheme,
                                const auth::HashLimits& limits) {
  auto read = auth::parse_imported(value, default_scheme, limits);
  if (!read) return bad(std::move(read.error().text));
  return std::visit([](auto& password) -> Password { return std::move(password); }, *read);
}

Result<std::string> account_name(std::string_view value, const Asked& asked) {
  std::string name = text::lower(value);
  if (name.empty()) return bad("the name is empty");
  if (!name.contains('@') && !asked.domain.empty()) name += '@' + asked.domain;
  const bool printable = std::ranges::none_of(
      name, [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == 0x7f; });
  if (name.size() > kMaxNameOctets || name.starts_with('@') || !printable)
    return bad("the name cannot be that of an account");
  return name;
}

std::vector<std::string> split_list(std::string_view value) {
  std::vector<std::string> items;
  while (!value.empty()) {
    const std::size_t end = std::min(value.find_first_of(", \t\r\n"), value.size());
    if (end > 0) items.push_back(text::lower(value.substr(0, end)));
    value.remove_prefix(std::min(end + 1, value.size()));
  }
  return items;
}

std::vector<std::string> group_list(std::vector<std::string> groups) {
  for (std::string& group : groups) group = text::lower(group);
  std::ranges::sort(groups);
  groups.erase(std::ranges::unique(groups).begin(), groups.end());
  return groups;
}

std::string expand(std::string_view text, const Asked& asked,
                   std::string (*escape)(std::string_view)) {
  const std::array<std::pair<std::string_view, std::string_view>, 3> values{
      {{"%{name}", asked.name}, {"%{user}", asked.user}, {"%{domain}", asked.domain}}};
  std::string out;
  while (!text.empty()) {
    const auto value = std::ranges::find_if(
        values, [text](const auto& one) { return text.starts_with(one.first); });
    if (value == values.end()) {
      out += text.front();
      text.remove_prefix(1);
    } else {
      out += escape(value->second);
      text.remove_prefix(value->first.size());
    }
  }
  return out;
}

}  // namespace posthorn::directory
