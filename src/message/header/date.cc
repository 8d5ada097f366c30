#include "message/header/date.h"

#include <array>
#include <cstdlib>

#include "message/header/lexer.h"
#include "text/ascii.h"

namespace posthorn::message {
namespace {

constexpr std::array<std::string_view, 12> kMonths = {"jan", "feb", "mar", "apr", "may", "jun",
                                                      "jul", "aug", "sep", "oct", "nov", "dec"};

struct Zone {
  std::string_view name;
  int hours;
};
// RFC 5322 §4.3, and a few others found in real mail.
constexpr std::array<Zone, 16> kZones = {{{"ut", 0},
                                          {"gmt", 0},
                                          {"utc", 0},
                                          {"est", -5},
                                          {"edt", -4},
                                          {"cst", -6},
                                          {"cdt", -5},
                                          {"mst", -7},
                                          {"mdt", -6},
                                          {"pst", -8},
                                          {"pdt", -7},
                                          {"cet", 1},
                                          {"cest", 2},
                                          {"bst", 1},
                                          {"eet", 2},
                                          {"eest", 3}}};

std::optional<int> number(std::string_view s, std::size_t max_digits) {
  if (s.empty() || s.size() > max_digits) return std::nullopt;
  int n = 0;
  for (const char c : s) {
    if (!text::is_digit(c)) return std::nullopt;
    n = n * 10 + (c - '0');
  }
  return n;
}

std::optional<int> month(std::string_view s) {
  if (s.size() < 3) return std::nullopt;
  for (std::size_t i = 0; i < kMonths.size(); ++i)
    if (text::istarts_with(s, kMonths[i])) return static_cast<int>(i) + 1;
  return std::nullopt;
}

bool is_leap(int y) { return (y % 4 == 0 && y % 100 != 0) || y % 400 == 0; }

int days_in(int y, int m) {
  constexpr std::array<int, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return m == 2 && is_leap(y) ? 29 : kDays[static_cast<std::size_t>(m - 1)];
}

// obs-year of RFC 5322 §4.3.
int full_year(int year, std::size_t digits) {
  if (digits == 2) return year < 50 ? 2000 + year : 1900 + year;
  return digits == 3 ? 1900 + year : year;
}

struct Reader {
  Lexer lex;

  std::string_view token() {
    lex.skip_cfws();
    return lex.run("(),-:");
  }
  // White space, comments and "-" (23-Nov-2026).
  void separator() {
    lex.skip_cfws();
    lex.take('-');
  }

  // Combines date and time; asctime puts the time before the year.
  std::optional<int> early_time;

  std::optional<Date> date() {
    std::string_view t = token();
    if (!t.empty() && !text::is_digit(t[0]) && !month(t)) {
      lex.skip_cfws();
      lex.take(',');  // The weekday.
      t = token();
    } else if (t.empty() && lex.take(',')) {
      t = token();
    }
    std::optional<int> day = number(t, 2);
    std::optional<int> mon;
    if (day) {
      separator();
      mon = month(token());
    } else {
      mon = month(t);
      day = number(token(), 2);
      lex.take(',');
    }
    separator();
    std::string_view y = token();
    if (lex.peek() == ':') {
      early_time = time_after(number(y, 2));
      y = token();
    }
    const auto year = number(y, 4);
    if (!day || !mon || !year || y.size() < 2) return std::nullopt;
    const int full = full_year(*year, y.size());
    if (*day < 1 || *day > days_in(full, *mon)) return std::nullopt;
    return Date{full, static_cast<std::uint8_t>(*mon), static_cast<std::uint8_t>(*day)};
  }

  int time() { return early_time ? *early_time : time_after(number(token(), 2)); }

  int time_after(std::optional<int> hour) {
    lex.skip_cfws();
    if (!hour || !lex.take(':')) return 0;
    const auto minute = number(token(), 2);
    lex.skip_cfws();
    const auto second = lex.take(':') ? number(token(), 2) : std::optional(0);
    if (!minute || !second || *hour > 23 || *minute > 59 || *second > 60) return 0;
    return *hour * 3600 + *minute * 60 + (*second == 60 ? 59 : *second);
  }

  int zone() {
    lex.skip_cfws();
    const bool negative = lex.peek() == '-';
    if (negative) lex.skip();
    std::string_view t = token();
    if (!negative && t.starts_with('+')) t.remove_prefix(1);
    if (const auto n = number(t, 4); n && t.size() == 4) {
      const int minutes = *n / 100 * 60 + *n % 100;
      return *n % 100 > 59 || minutes > 24 * 60 ? 0 : negative ? -minutes : minutes;
    }
    for (const Zone& z : kZones)
      if (text::iequals(z.name, t)) return z.hours * 60;
    return 0;
  }
};

}  // namespace

std::optional<Timestamp> parse_date(std::string_view raw) {
  // No date is longer than this, although comments may be.
  Reader reader{Lexer(raw.substr(0, 1000)), {}};
  const auto date = reader.date();
  if (!date) return std::nullopt;
  const int time = reader.time();
  const int zone = reader.zone();
  return Timestamp{days_from(*date) * 86'400 + time - zone * 60, static_cast<std::int16_t>(zone)};
}

}  // namespace posthorn::message
