#include "base/log.h"

#include <fmt/chrono.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "base/log_limit.h"
#include "base/log_output.h"

namespace posthorn::log {
namespace {

constexpr const char* kTextPattern = "%Y-%m-%dT%H:%M:%S.%eZ %l %v";

std::atomic<Form>& current_form() {
  static std::atomic<Form> form = Form::text;
  return form;
}

spdlog::logger& logger() {
  static const std::shared_ptr<spdlog::logger> instance = [] {
    auto made = spdlog::stderr_logger_mt("posthorn");
    made->set_pattern(kTextPattern, spdlog::pattern_time_type::utc);
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

namespace {

/// Returns the length of the UTF-8 character at the start of `text` that may be logged as it is; 0
/// for controls (C1 too, which some terminals obey) and for octets that are not UTF-8.
std::size_t printable_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return first >= 0x20 && first != 0x7f ? 1 : 0;
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < length) return 0;
  std::uint32_t code = first & (0xffU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
    code = code << 6 | (byte(i) & 0x3fU);
  }
  constexpr std::uint32_t kLastC1 = 0x9f;
  constexpr std::uint32_t kLineSeparator = 0x2028;
  constexpr std::uint32_t kParagraphSeparator = 0x2029;
  const bool too_long = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
  const bool surrogate = code >= 0xd800 && code <= 0xdfff;
  if (too_long || surrogate || code > 0x10ffff) return 0;
  if (code <= kLastC1 || code == kLineSeparator || code == kParagraphSeparator) return 0;
  return length;
}

}  // namespace

std::string printable(std::string_view text) {
  std::string clean;
  clean.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = printable_length(text);
    if (length == 0) {
      clean += fmt::format("\\x{:02x}", static_cast<unsigned char>(text.front()));
    } else {
      clean += text.substr(0, length);
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return clean;
}

std::string json_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

Form form() { return current_form().load(std::memory_order_relaxed); }

void set_form(Form form) {
  current_form().store(form, std::memory_order_relaxed);
  logger().set_pattern(form == Form::json ? "%v" : kTextPattern, spdlog::pattern_time_type::utc);
}

void write_line(Level level, std::string_view message, std::string_view members) {
  if (form() == Form::text) {
    logger().log(native(level), "{}", printable(message));
    return;
  }
  const auto now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now);
  logger().log(
      native(level), R"({{"time":"{:%Y-%m-%dT%H:%M:%S}.{:03}Z","level":"{}","message":{}{}}})",
      fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)), (now - seconds).count(),
      spdlog::level::to_string_view(native(level)), json_string(printable(message)), members);
}

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

void write(Level level, std::string_view line) { write_line(level, line, {}); }

}  // namespace posthorn::log
