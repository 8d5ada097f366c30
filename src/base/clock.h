#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace posthorn {

/// A point in time as a message states it: seconds since 1970-01-01 UTC, and the time zone it was
/// given in.
struct Timestamp {
  std::int64_t seconds = 0;
  std::int16_t zone_minutes = 0;  ///< Minutes east of UTC.
  friend constexpr auto operator<=>(const Timestamp&, const Timestamp&) = default;
};

/// The source of the current time. Tests substitute their own.
class Clock {
 public:
  virtual ~Clock() = default;
  /// Wall-clock time. It may step back, so nothing that must increase is derived from it.
  [[nodiscard]] virtual Timestamp now() const = 0;
};

/// The machine's clock, in UTC. Exists for the whole life of the program.
const Clock& system_clock();

/// A clock that changes only when it is set.
/// Thread: any.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(std::int64_t seconds) : seconds_(seconds) {}
  [[nodiscard]] Timestamp now() const override { return {seconds_.load(), 0}; }
  void advance(std::chrono::seconds by) { seconds_ += by.count(); }

 private:
  std::atomic<std::int64_t> seconds_;
};

/// A date in the proleptic Gregorian calendar.
struct Date {
  std::int32_t year = 1970;
  std::uint8_t month = 1;  ///< 1 to 12.
  std::uint8_t day = 1;    ///< 1 to 31.
  friend constexpr auto operator<=>(const Date&, const Date&) = default;
};

/// Days since 1970-01-01.
std::int64_t days_from(Date date);
Date date_from(std::int64_t days);
/// The date in the timestamp's own zone (RFC 9051 §6.4.4: "disregarding time and timezone").
Date local_date(Timestamp t);

}  // namespace posthorn
