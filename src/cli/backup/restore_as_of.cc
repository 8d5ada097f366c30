#include <fmt/chrono.h>

#include <charconv>
#include <cstdio>
#include <ctime>

#include "cli/backup/restore_command.h"
#include "config/value.h"

namespace posthorn::cli {
namespace {

using admin::flag_of;
using admin::Json;
using admin::number_of;
using admin::text_of;

std::unexpected<Error> no_time(const std::string& text) {
  return fail(
      ErrorKind::bad_argument,
      fmt::format("'{}' is neither a time like '2026-11-20 14:00' nor an age like 2h", text));
}

/// Reads an age, or a time in the machine's time zone, or in UTC with a Z at its end.
Result<std::int64_t> parse_time(const std::string& text) {
  if (const auto age = config::parse_duration(text))
    return std::time(nullptr) - std::chrono::duration_cast<std::chrono::seconds>(*age).count();
  std::string_view rest = text;
  const bool utc = rest.ends_with('Z');
  if (utc) rest.remove_suffix(1);
  // The positions of year, month, day, hour, minute, second, each behind its separator.
  struct Field {
    std::size_t at;
    std::size_t digits;
    char before;
    int low;
    int high;
  };
  constexpr Field kFields[] = {{0, 4, 0, 1970, 9999}, {5, 2, '-', 1, 12},  {8, 2, '-', 1, 31},
                               {11, 2, ' ', 0, 23},   {14, 2, ':', 0, 59}, {17, 2, ':', 0, 60}};
  if (rest.size() != 10 && rest.size() != 16 && rest.size() != 19) return no_time(text);
  int values[6] = {};
  for (std::size_t i = 0; i < 6 && kFields[i].at < rest.size(); ++i) {
    const Field& field = kFields[i];
    const char before = i == 0 ? '\0' : rest[field.at - 1];
    if (i != 0 && before != field.before && !(field.before == ' ' && before == 'T'))
      return no_time(text);
    const char* const end = rest.data() + field.at + field.digits;
    const auto read = std::from_chars(rest.data() + field.at, end, values[i]);
    if (read.ec != std::errc() || read.ptr != end || values[i] < field.low ||
        values[i] > field.high)
      return no_time(text);
  }
  std::tm parts = {};
  parts.tm_year = values[0] - 1900;
  parts.tm_mon = values[1] - 1;
  parts.tm_mday = values[2];
  parts.tm_hour = values[3];
  parts.tm_min = values[4];
  parts.tm_sec = values[5];
  parts.tm_isdst = -1;
  const std::tm given = parts;
  const std::time_t time = utc ? ::timegm(&parts) : std::mktime(&parts);
  // A day that a month does not have was made one of the next month.
  if (time < 0 || parts.tm_mday != given.tm_mday) return no_time(text);
  return time;
}

void print_place(const Json& place) {
  std::string what;
  const auto add = [&](const char* member, const char* words) {
    if (const std::uint64_t count = number_of(place, member); count > 0)
      what += fmt::format("{}{} {}", what.empty() ? "" : ", ", count, words);
  };
  if (const auto was = text_of(place, "was"); !was.empty())
    what = fmt::format("renamed from {}", was);
  if (flag_of(place, "created")) what = "created";
  add("back", "back");
  add("removed", "taken out");
  add("flagged", "with other flags");
  fmt::print("{}: {}\n", text_of(place, "mailbox"), what);
}

void report(const Json& said, std::int64_t time, bool dry_run) {
  const auto* const places = said.if_contains("mailboxes");
  const bool any = places != nullptr && places->is_array() && !places->get_array().empty();
  if (any)
    for (const auto& place : places->get_array())
      if (place.is_object()) print_place(place.get_object());
  fmt::print(stderr, "{} {:%Y-%m-%d %H:%M:%S %Z}\n",
             !any      ? "nothing is different from what was there at"
             : dry_run ? "would be as it was at"
                       : "is as it was at",
             fmt::localtime(static_cast<std::time_t>(time)));
  if (const std::uint64_t lost = number_of(said, "lost"); lost > 0)
    fmt::print(stderr, "removed too long ago, their content is gone: {}\n", lost);
  if (flag_of(said, "names_unknown"))
    fmt::print(stderr, "too many mailboxes were renamed at once; some keep the names they have\n");
}

}  // namespace

int restore_as_of(const Program& program, const RestoreOptions& options) {
  const auto time = parse_time(options.as_of);
  if (!time) return complain(time.error());
  return ask(program,
             {{"do", "account.as_of"},
              {"name", options.folder},
              {"time", std::max<std::int64_t>(*time, 0)},
              {"dry_run", options.dry_run}},
             [&](const Json& said) {
               if (options.json) {
                 fmt::print("{}\n", boost::json::serialize(said));
               } else {
                 report(said, *time, options.dry_run);
               }
             });
}

}  // namespace posthorn::cli
