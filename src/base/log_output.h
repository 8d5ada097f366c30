#pragma once

#include <string>
#include <string_view>

#include "base/log_event.h"

// For base/log*.cc and base/log_test.cc only.
namespace posthorn::log {

[[nodiscard]] Form form();
/// Returns the text with controls and what is not UTF-8 written as \xNN.
std::string printable(std::string_view text);
/// Returns a string of JSON. `text` must be printable.
std::string json_string(std::string_view text);
/// Writes a line in the current form. `members` are further members of the object in JSON, each
/// after a comma.
void write_line(Level level, std::string_view message, std::string_view members);

}  // namespace posthorn::log
