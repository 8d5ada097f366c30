#include <fmt/core.h>

#include <array>

#include "message/header/date.h"

namespace posthorn::message {

std::string format_date(Timestamp time) {
  constexpr std::array<std::string_view, 7> kDays = {"Thu", "Fri", "Sat", "Sun",
                                                     "Mon", "Tue", "Wed"};
  constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const Date date = local_date(time);
  const std::int64_t days = days_from(date);  // 1970-01-01 was a Thursday.
  const std::int64_t second = time.seconds + std::int64_t{time.zone_minutes} * 60 - days * 86400;
  const int zone = time.zone_minutes < 0 ? -time.zone_minutes : time.zone_minutes;
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} {}{:02}{:02}",
                     kDays[static_cast<std::size_t>((days % 7 + 7) % 7)], date.day,
                     kMonths[date.month - 1U], date.year, second / 3600, second / 60 % 60,
                     second % 60, time.zone_minutes < 0 ? '-' : '+', zone / 60, zone % 60);
}

}  // namespace posthorn::message
