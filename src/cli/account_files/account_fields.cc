#include "cli/account_files/account_fields.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <span>

#include "text/ascii.h"

namespace posthorn::cli {
namespace {

constexpr std::array<std::string_view, 6> kNameColumns = {"name",    "email", "user",
                                                          "address", "mail",  "username"};
constexpr std::array<std::string_view, 5> kPasswordColumns = {"password", "hash", "password_hash",
                                                              "crypt", "userpassword"};

bool is_any_of(std::string_view column, std::span<const std::string_view> names) {
  return std::ranges::find(names, column) != names.end();
}

}  // namespace

std::string_view take_field(std::string_view& rest, char mark) {
  const std::size_t at = rest.find(mark);
  const std::string_view field = rest.substr(0, at);
  rest = at == std::string_view::npos ? std::string_view() : rest.substr(at + 1);
  return field;
}

std::string_view take_line(std::string_view& rest) {
  std::string_view line = take_field(rest, '\n');
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

std::string whole_name(std::string_view name, const AccountFileOptions& options) {
  std::string whole(name);
  if (!whole.empty() && !whole.contains('@') && !options.domain.empty())
    whole += '@' + options.domain;
  return whole;
}

std::optional<std::uint64_t> parse_octets(std::string_view text) {
  std::uint64_t number = 0;
  const auto [at, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  std::string unit = text::lower({at, text.data() + text.size()});
  for (const std::string_view ending : {"ib", "b"})
    if (unit.ends_with(ending)) unit.resize(unit.size() - ending.size());
  constexpr std::string_view kUnits = "kmgt";
  unsigned shift = 0;
  if (!unit.empty()) {
    const std::size_t power = kUnits.find(unit);
    if (unit.size() != 1 || power == std::string_view::npos) return std::nullopt;
    shift = 10 * (static_cast<unsigned>(power) + 1);
  }
  if (number > UINT64_MAX >> shift) return std::nullopt;
  return number << shift;
}

bool set_column(AccountEntry& entry, std::string_view column, std::string_view value,
                const AccountFileOptions& options) {
  if (is_any_of(column, kNameColumns)) {
    entry.name = whole_name(value, options);
  } else if (is_any_of(column, kPasswordColumns)) {
    entry.password = value;
  } else if (column == "max_bytes" || column == "quota" || column == "max_messages") {
    const auto number = value.empty() ? std::optional<std::uint64_t>(0) : parse_octets(value);
    if (!number) entry.trouble = fmt::format("its {} is not a number", column);
    (column == "max_messages" ? entry.max_messages : entry.max_bytes) = number.value_or(0);
  } else {
    return false;
  }
  return true;
}

void judge(AccountEntry& entry) {
  if (!entry.trouble.empty()) return;
  if (entry.name.empty()) {
    entry.trouble = "it has no name";
  } else if (entry.password.empty()) {
    entry.trouble = "it has no password";
  }
}

}  // namespace posthorn::cli
