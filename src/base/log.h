#pragma once

#include <fmt/core.h>

#include <optional>
#include <string>
#include <string_view>

/// The logger, the only global object. Callers must never pass secrets or message content. Text
/// from outside is escaped here, so that each log entry stays on one line.
///
/// Warnings and errors are rate-limited. Each call site (identified by its format string) may write
/// 30 lines at once, and after that one line per second. The number of suppressed lines is reported
/// with the next line of that call site or, when the flood has ended, in a separate line.
/// `warning_about` and `error_about` name a subject (a client, an object) that gets an allowance of
/// its own, so that it cannot use up that of the others.
namespace posthorn::log {

enum class Level : unsigned char { debug, info, warning, error, off };

/// To be called before anything is written. The default is level info, to standard error.
void set_level(Level level);
bool enabled(Level level);
/// Not rate-limited.
void write(Level level, std::string_view line);

/// Returns nothing if the rate limit for this call site and the subject `who` suppresses the line.
/// Otherwise returns the text to append to the line: the number of lines suppressed before it, or
/// an empty string.
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
