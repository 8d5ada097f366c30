#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/error.h"
#include "base/log.h"

/// Log lines that programs read: what happened, and fields. In the text form they look like
///
///     login failed protocol=imap address=192.0.2.1 port=40000 reason=wrong_password user="ada"
///
/// and in JSON each field is a member of the line's object. Text from outside is always quoted, and
/// its quotes and backslashes are written as \x22 and \x5c, so that it cannot look like a field.
namespace posthorn::log {

enum class Form : std::uint8_t {
  text,
  json,  ///< One object on each line: "time", "level", "message", and the fields of an event.
};

/// To be called before anything is written, or when the settings change. The default is text.
void set_form(Form form);

class Event {
 public:
  /// `what` must be static: lines are limited by it (see log.h).
  explicit Event(std::string_view what) : what_(what) {}

  /// Adds a word of our own, such as a reason.
  Event& word(std::string_view name, std::string_view value);
  /// Adds a text from outside.
  Event& said(std::string_view name, std::string_view value);
  Event& number(std::string_view name, std::uint64_t value);
  /// Adds a connection's number (net::Stream::id) as "session", unless it is 0.
  Event& session(std::uint64_t id);
  /// Adds "address" and "port" of a peer ("192.0.2.1:40000", "unix").
  Event& peer(std::string_view peer);

  /// Adds what an error says: its kind as "error", "text" and, if there is one, "cause".
  Event& failure(const Error& error);

  /// Writes the line, unless there were too many about `who`; those of level info and debug are not
  /// limited.
  void write(Level level, std::string_view who = {}) const;

 private:
  struct Field {
    std::string_view name;
    bool quoted = false;
    std::variant<std::string, std::uint64_t> value;
  };
  [[nodiscard]] std::string text() const;
  [[nodiscard]] std::string json() const;

  std::string_view what_;
  std::vector<Field> fields_;
};

}  // namespace posthorn::log
