#pragma once

#include <chrono>
#include <cstdint>

namespace posthorn {

/// A point in time as mail has it: seconds since 1970-01-01 UTC and the zone it was said in.
struct Timestamp {
  std::int64_t seconds = 0;
  std::int16_t zone_minutes = 0;  ///< East of UTC.
  friend constexpr auto operator<=>(const Timestamp&, const Timestamp&) = default;
};

/// Where the time comes from; tests put their own in.
class Clock {
 public:
  virtual ~Clock() = default;
  /// Wall-clock time. May step back; nothing that must not go back is derived from it.
  [[nodiscard]] virtual Timestamp now() const = 0;
};

/// The machine's clock, in UTC. Lives for the whole program.
const Clock& system_clock();

/// A clock that stands still until told otherwise.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(std::int64_t seconds) : now_{seconds, 0} {}
  [[nodiscard]] Timestamp now() const override { return now_; }
  void advance(std::chrono::seconds by) { now_.seconds += by.count(); }

 private:
  Timestamp now_;
};

/// A date of the proleptic Gregorian calendar.
struct Date {
  std::int32_t year = 1970;
  std::uint8_t month = 1;  ///< 1 to 12.
  std::uint8_t day = 1;    ///< 1 to 31.
  friend constexpr auto operator<=>(const Date&, const Date&) = default;
};

/// Days since 1970-01-01.
std::int64_t days_from(Date date);
Date date_from(std::int64_t days);
/// The date where it was said, i.e. in the timestamp's own zone (RFC 9051 §6.4.4: "disregarding
/// time and timezone").
Date local_date(Timestamp t);

}  // namespace posthorn
