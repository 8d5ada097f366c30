#include "config/value.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace posthorn::config {
namespace {

constexpr std::uint64_t kMaxDuration = 1000ULL * 366 * 86'400 * 1000;  // Milliseconds.

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};
constexpr std::uint64_t kKi = 1024;
constexpr std::array kSizeUnits{
    Unit{"tib", kKi* kKi* kKi* kKi},
    Unit{"t", kKi* kKi* kKi* kKi},
    Unit{"tb", 1'000'000'000'000},
    Unit{"gib", kKi* kKi* kKi},
    Unit{"g", kKi* kKi* kKi},
    Unit{"gb", 1'000'000'000},
    Unit{"mib", kKi* kKi},
    Unit{"m", kKi* kKi},
    Unit{"mb", 1'000'000},
    Unit{"kib", kKi},
    Unit{"k", kKi},
    Unit{"kb", 1000},
    Unit{"b", 1},
    Unit{"", 1},
};
constexpr std::array kTimeUnits{
    Unit{"w", 7 * 86'400'000}, Unit{"d", 86'400'000}, Unit{"h", 3'600'000}, Unit{"m", 60'000},
    Unit{"s", 1000},           Unit{"ms", 1},         Unit{"", 1000},
};

template <std::size_t N>
const Unit* find_unit(const std::array<Unit, N>& units, std::string_view name) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  const auto at = std::ranges::find_if(
      units, [&](const Unit& unit) { return std::ranges::equal(unit.name, name, {}, {}, lower); });
  return at == units.end() ? nullptr : &*at;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Removes a number from the front. Returns none if there is none or it is too large.
std::optional<std::uint64_t> take_number(std::string_view& text) {
  std::uint64_t n = 0;
  bool any = false;
  while (!text.empty() && (is_digit(text.front()) || (any && text.front() == '_'))) {
    const char c = text.front();
    text.remove_prefix(1);
    if (c == '_') continue;
    any = true;
    if (__builtin_mul_overflow(n, 10U, &n) ||
        __builtin_add_overflow(n, static_cast<unsigned>(c - '0'), &n))
      return std::nullopt;
  }
  return any ? std::optional(n) : std::nullopt;
}

std::string_view take_unit(std::string_view& text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  const auto end = std::ranges::find_if(text, [](char c) { return is_digit(c) || c == ' '; });
  const std::string_view unit = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  text.remove_prefix(unit.size());
  while (text.starts_with(' ')) text.remove_prefix(1);
  return unit;
}

}  // namespace

Result<bool> parse_flag(std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return fail(ErrorKind::bad_argument, "must be true or false");
}

Result<std::uint64_t> parse_number(std::string_view text) {
  const auto n = take_number(text);
  if (!n || !text.empty()) return fail(ErrorKind::bad_argument, "must be a whole number");
  return *n;
}

Result<std::uint64_t> parse_size(std::string_view text) {
  const auto bad = [] {
    return fail(ErrorKind::bad_argument, "must be a size such as \"64MiB\" or \"100MB\"");
  };
  const auto n = take_number(text);
  if (!n) return bad();
  const Unit* const unit = find_unit(kSizeUnits, take_unit(text));
  std::uint64_t octets = 0;
  if (!unit || !text.empty() || __builtin_mul_overflow(*n, unit->factor, &octets)) return bad();
  return octets;
}

Result<Duration> parse_duration(std::string_view text) {
  const auto bad = [] {
    return fail(ErrorKind::bad_argument, "must be a duration such as \"90s\", \"30m\" or \"30d\"");
  };
  std::uint64_t total = 0;
  bool first = true;
  do {
    const auto n = take_number(text);
    if (!n) return bad();
    const std::string_view name = take_unit(text);
    const Unit* const unit = find_unit(kTimeUnits, name);
    std::uint64_t part = 0;
    if (!unit || (name.empty() && !(first && text.empty()))) return bad();
    if (__builtin_mul_overflow(*n, unit->factor, &part) ||
        __builtin_add_overflow(total, part, &total) || total > kMaxDuration)
      return bad();
    first = false;
  } while (!text.empty());
  return Duration(static_cast<Duration::rep>(total));
}

Result<Endpoint> parse_endpoint(std::string_view text) {
  const auto bad = [] {
    return fail(ErrorKind::bad_argument,
                "must be \"address:port\", \"[address]:port\" for IPv6, or \"*:port\"");
  };
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return bad();
  std::string_view host = text.substr(0, colon);
  const std::string_view digits = text.substr(colon + 1);
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc() || end != digits.data() + digits.size() || port == 0) return bad();
  if (host.starts_with('[')) {
    if (!host.ends_with(']') || host.size() < 4) return bad();
    host = host.substr(1, host.size() - 2);
  } else if (host.empty() || host.find_first_of(":[] ") != std::string_view::npos) {
    return bad();
  }
  return Endpoint{std::string(host), port};
}

std::string to_text(const Endpoint& endpoint) {
  const bool brackets = endpoint.host.find(':') != std::string::npos;
  return fmt::format("{}{}{}:{}", brackets ? "[" : "", endpoint.host, brackets ? "]" : "",
                     endpoint.port);
}

std::string format_size(std::uint64_t octets) {
  constexpr std::array kShown{Unit{"TiB", kKi * kKi * kKi * kKi},
                              Unit{"TB", 1'000'000'000'000},
                              Unit{"GiB", kKi * kKi * kKi},
                              Unit{"GB", 1'000'000'000},
                              Unit{"MiB", kKi * kKi},
                              Unit{"MB", 1'000'000},
                              Unit{"KiB", kKi},
                              Unit{"KB", 1000}};
  for (const Unit& unit : kShown) {
    if (octets != 0 && octets % unit.factor == 0) {
      return fmt::format("{}{}", octets / unit.factor, unit.name);
    }
  }
  return fmt::format("{}", octets);
}

std::string format_duration(Duration duration) {
  auto rest = static_cast<std::uint64_t>(duration.count());
  if (rest == 0) return "0s";
  for (const Unit& unit : kTimeUnits) {
    if (unit.name != "w" && rest % unit.factor == 0) {
      return fmt::format("{}{}", rest / unit.factor, unit.name);
    }
  }
  return fmt::format("{}ms", rest);
}

}  // namespace posthorn::config
