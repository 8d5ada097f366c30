#include "wire/smtp/internet_date.h"

#include <fmt/core.h>

#include "base/clock.h"
#include "text/ascii.h"

namespace posthorn::wire::smtp {
namespace {

/// Reads fixed fields from the front. If one does not fit, everything fails.
class Fields {
 public:
  explicit Fields(std::string_view text) : rest_(text) {}

  /// Reads `digits` digits that form a number from `least` to `most`.
  int number(std::size_t digits, int least, int most) {
    int n = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      const char c = take();
      if (!text::is_digit(c)) ok_ = false;
      n = n * 10 + (c - '0');
    }
    if (n < least || n > most) ok_ = false;
    return n;
  }
  char one_of(std::string_view set) {
    const char c = take();
    if (!set.contains(c)) ok_ = false;
    return c;
  }
  void skip_fraction() {
    if (!rest_.starts_with('.')) return;
    take();
    number(1, 0, 9);
    while (!rest_.empty() && text::is_digit(rest_.front())) take();
  }
  [[nodiscard]] bool done() const { return ok_ && rest_.empty(); }

 private:
  char take() {
    if (rest_.empty()) {
      ok_ = false;
      return '\0';
    }
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }
  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace

std::optional<std::int64_t> parse_internet_date(std::string_view text) {
  Fields fields(text);
  Date date;
  date.year = fields.number(4, 0, 9999);
  fields.one_of("-");
  date.month = static_cast<std::uint8_t>(fields.number(2, 1, 12));
  fields.one_of("-");
  date.day = static_cast<std::uint8_t>(fields.number(2, 1, 31));
  fields.one_of("Tt");
  const int hour = fields.number(2, 0, 23);
  fields.one_of(":");
  const int minute = fields.number(2, 0, 59);
  fields.one_of(":");
  const int second = fields.number(2, 0, 60);
  fields.skip_fraction();
  const char zone = fields.one_of("Zz+-");
  int offset = 0;
  if (zone == '+' || zone == '-') {
    offset = fields.number(2, 0, 23) * 60;
    fields.one_of(":");
    offset += fields.number(2, 0, 59);
    if (zone == '-') offset = -offset;
  }
  if (!fields.done()) return std::nullopt;
  const std::int64_t days = days_from(date);
  if (date_from(days) != date)
    return std::nullopt;  // For instance the 31st of a month with 30 days.
  return days * 86400 + hour * 3600 + minute * 60 + second - std::int64_t{offset} * 60;
}

std::string format_internet_date(std::int64_t seconds) {
  std::int64_t days = seconds / 86400;
  if (seconds % 86400 < 0) --days;
  const Date date = date_from(days);
  const std::int64_t second = seconds - days * 86400;
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", date.year, date.month, date.day,
                     second / 3600, second / 60 % 60, second % 60);
}

}  // namespace posthorn::wire::smtp
