#include <charconv>

#include "wire/imap/chars.h"
#include "wire/imap/grammar.h"

namespace posthorn::wire::imap::grammar {

namespace {

bool is_leap(std::int32_t year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

int days_in(std::int32_t year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && is_leap(year) ? 29 : kDays[month - 1];
}

// Exactly `count` digits.
bool fixed_digits(Input& in, std::size_t count, int& out) {
  const std::string_view text = in.rest().substr(0, count);
  if (text.size() != count || kDigits.span(text) != count) return in.expected("a digit");
  std::from_chars(text.begin(), text.end(), out);
  in.take_count(count);
  return true;
}

bool date_month(Input& in, int& out) {
  constexpr std::string_view kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  for (out = 1; out <= 12; ++out)
    if (in.take(kMonths[out - 1])) return true;
  return in.expected("the name of a month");
}

bool hyphen(Input& in) { return in.take('-') || in.expected("\"-\""); }

// 1*2DIGIT
bool date_day(Input& in, int& out) {
  const bool two = in.rest().size() > 1 && text::is_digit(in.rest()[1]);
  return fixed_digits(in, two ? 2 : 1, out);
}

bool date_text(Input& in, Date& out) {
  int day = 0;
  int month = 0;
  int year = 0;
  if (!date_day(in, day) || !hyphen(in) || !date_month(in, month) || !hyphen(in) ||
      !fixed_digits(in, 4, year))
    return false;
  if (day < 1 || day > days_in(year, month))
    return in.refuse(ErrorKind::bad_argument, "the date does not exist");
  out = {year, static_cast<std::uint8_t>(month), static_cast<std::uint8_t>(day)};
  return true;
}

// 2DIGIT ":" 2DIGIT ":" 2DIGIT, as seconds of the day. A leap second is read as the first second of
// the next minute.
bool time(Input& in, int& seconds) {
  int hour = 0;
  int minute = 0;
  int second = 0;
  const auto colon = [&] { return in.take(':') || in.expected("\":\""); };
  if (!fixed_digits(in, 2, hour) || !colon() || !fixed_digits(in, 2, minute) || !colon() ||
      !fixed_digits(in, 2, second))
    return false;
  if (hour > 23 || minute > 59 || second > 60)
    return in.refuse(ErrorKind::bad_argument, "the time of day does not exist");
  seconds = hour * 3600 + minute * 60 + second;
  return true;
}

bool zone(Input& in, int& minutes) {
  const bool west = in.take('-');
  if (!west && !in.take('+')) return in.expected("a time zone");
  int digits = 0;
  if (!fixed_digits(in, 4, digits)) return false;
  if (digits / 100 > 23 || digits % 100 > 59)
    return in.refuse(ErrorKind::bad_argument, "the time zone does not exist");
  minutes = digits / 100 * 60 + digits % 100;
  if (west) minutes = -minutes;
  return true;
}

}  // namespace

bool date(Input& in, Date& out) {
  const bool quoted = in.take('"');
  if (!date_text(in, out)) return false;
  return !quoted || in.take('"') || in.expected("a closing quote");
}

bool date_time(Input& in, Timestamp& out) {
  if (!in.take('"')) return in.expected("a date and time in quotes");
  in.take(' ');  // date-day-fixed
  Date day;
  int seconds = 0;
  int minutes = 0;
  // Inside a quoted string a space is exactly one.
  const auto space = [&] { return in.take(' ') || in.expected("a space"); };
  if (!date_text(in, day) || !space() || !time(in, seconds) || !space() || !zone(in, minutes))
    return false;
  if (!in.take('"')) return in.expected("a closing quote");
  out.zone_minutes = static_cast<std::int16_t>(minutes);
  out.seconds = days_from(day) * 86400 + seconds - std::int64_t{minutes} * 60;
  return true;
}

}  // namespace posthorn::wire::imap::grammar
