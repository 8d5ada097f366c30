#pragma once

#include <fmt/core.h>

#include <optional>
#include <string>
#include <string_view>

/// The only global: one logger. Callers never pass secrets or message content; text from outside
/// is escaped here so that a log line stays one line.
///
/// Warnings and errors are bounded: each call (its format string) writes 30 lines at once and then
/// one each second; how many were left out is said with the next line of that call, or after the
/// flood by a line of its own. Where one client or one object must not use up the allowance of the
/// others, the call names it: `warning_about`, `error_about`.
namespace posthorn::log {

enum class Level : unsigned char { debug, info, warning, error, off };

/// Before anything is written; the default is info to standard error.
void set_level(Level level);
bool enabled(Level level);
/// Not bounded.
void write(Level level, std::string_view line);

/// Whether a line of this call about `who` may be written now; then what is to stand behind it (how
/// many were left out before it, or nothing).
std::optional<std::string> admit(Level level, fmt::string_view call, std::string_view who);

template <class... Args>
void debug(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::debug)) write(Level::debug, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void info(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::info)) write(Level::info, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void warning_about(std::string_view who, fmt::format_string<Args...> format, Args&&... args) {
  if (const auto behind = admit(Level::warning, format, who))
    write(Level::warning, fmt::format(format, std::forward<Args>(args)...) + *behind);
}
template <class... Args>
void warning(fmt::format_string<Args...> format, Args&&... args) {
  warning_about<Args...>({}, format, std::forward<Args>(args)...);
}
template <class... Args>
void error_about(std::string_view who, fmt::format_string<Args...> format, Args&&... args) {
  if (const auto behind = admit(Level::error, format, who))
    write(Level::error, fmt::format(format, std::forward<Args>(args)...) + *behind);
}
template <class... Args>
void error(fmt::format_string<Args...> format, Args&&... args) {
  error_about<Args...>({}, format, std::forward<Args>(args)...);
}

}  // namespace posthorn::log
