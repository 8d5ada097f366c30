#include "base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <functional>
#include <memory>
#include <string>

#include "base/log_limit.h"

namespace posthorn::log {
namespace {

spdlog::logger& logger() {
  static const std::shared_ptr<spdlog::logger> instance = [] {
    auto made = spdlog::stderr_logger_mt("posthorn");
    made->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
    return made;
  }();
  return *instance;
}

spdlog::level::level_enum native(Level level) {
  switch (level) {
    case Level::debug: return spdlog::level::debug;
    case Level::info: return spdlog::level::info;
    case Level::warning: return spdlog::level::warn;
    case Level::error: return spdlog::level::err;
    case Level::off: return spdlog::level::off;
  }
  return spdlog::level::info;
}

/// Never destroyed, because threads may still log while the process ends.
LineLimit& limit() {
  static LineLimit& instance = *new LineLimit(30, std::chrono::seconds(1));
  return instance;
}

void tell_left_out(LineLimit::Clock::time_point now) {
  if (const std::uint64_t lines = limit().take_left_out(now); lines > 0)
    write(Level::warning, fmt::format("{} warnings or errors were left out of the log, because too "
                                      "many were alike",
                                      lines));
}

}  // namespace

void set_level(Level level) { logger().set_level(native(level)); }

bool enabled(Level level) { return logger().should_log(native(level)); }

std::optional<std::string> admit(Level level, fmt::string_view call, std::string_view who) {
  if (!enabled(level)) return std::nullopt;
  const auto now = LineLimit::Clock::now();
  // The address of the format string identifies the call site.
  const std::uint64_t cause = reinterpret_cast<std::uintptr_t>(call.data()) ^
                              (std::hash<std::string_view>()(who) * 0x9e3779b97f4a7c15U);
  const LineLimit::Verdict verdict = limit().admit(cause, now);
  if (!verdict.write) return std::nullopt;
  if (verdict.left_out == 0) {
    tell_left_out(now);
    return std::string();
  }
  return fmt::format(" ({} lines like this one were left out)", verdict.left_out);
}

void write(Level level, std::string_view line) {
  std::string clean;
  clean.reserve(line.size());
  for (const char c : line) {
    const auto u = static_cast<unsigned char>(c);
    if (u < 0x20 || u == 0x7f) {
      clean += fmt::format("\\x{:02x}", u);
    } else {
      clean += c;
    }
  }
  logger().log(native(level), "{}", clean);
}

}  // namespace posthorn::log
