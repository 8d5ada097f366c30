#include "base/clock.h"

namespace posthorn {
namespace {

class SystemClock final : public Clock {
 public:
  [[nodiscard]] Timestamp now() const override {
    const auto since = std::chrono::system_clock::now().time_since_epoch();
    return {std::chrono::floor<std::chrono::seconds>(since).count(), 0};
  }
};

}  // namespace

const Clock& system_clock() {
  static const SystemClock clock;
  return clock;
}

std::int64_t days_from(Date date) {
  const std::chrono::year_month_day ymd{std::chrono::year{date.year},
                                        std::chrono::month{date.month}, std::chrono::day{date.day}};
  return std::chrono::sys_days{ymd}.time_since_epoch().count();
}

Date date_from(std::int64_t days) {
  const std::chrono::year_month_day ymd{
      std::chrono::sys_days{std::chrono::days{static_cast<int>(days)}}};
  return {static_cast<int>(ymd.year()),
          static_cast<std::uint8_t>(static_cast<unsigned>(ymd.month())),
          static_cast<std::uint8_t>(static_cast<unsigned>(ymd.day()))};
}

Date local_date(Timestamp t) {
  const std::int64_t local = t.seconds + std::int64_t{t.zone_minutes} * 60;
  const std::int64_t days = local >= 0 ? local / 86400 : -((-local + 86399) / 86400);
  return date_from(days);
}

}  // namespace posthorn
