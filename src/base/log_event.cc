#include "base/log_event.h"

#include "base/log_output.h"
#include "base/network.h"

namespace posthorn::log {
namespace {

/// Returns what a client said as a quoted field. The log itself takes care of control characters
/// and of octets that are not UTF-8.
std::string in_quotes(std::string_view said) {
  std::string out = "\"";
  for (const char c : said) {
    if (c == '"') {
      out += "\\x22";
    } else if (c == '\\') {
      out += "\\x5c";
    } else {
      out += c;
    }
  }
  return out + '"';
}

}  // namespace

Event& Event::word(std::string_view name, std::string_view value) {
  fields_.push_back({name, false, std::string(value)});
  return *this;
}

Event& Event::said(std::string_view name, std::string_view value) {
  fields_.push_back({name, true, std::string(value)});
  return *this;
}

Event& Event::number(std::string_view name, std::uint64_t value) {
  fields_.push_back({name, false, value});
  return *this;
}

Event& Event::session(std::uint64_t id) {
  return id == 0 ? *this : word("session", fmt::format("{:x}", id));
}

Event& Event::peer(std::string_view peer) {
  word("address", address_of(peer));
  const std::uint16_t port = port_of(peer);
  return port == 0 ? *this : number("port", port);
}

Event& Event::failure(const Error& error) {
  word("error", name_of(error.kind)).said("text", error.text);
  return error.cause.empty() ? *this : said("cause", error.cause);
}

std::string Event::text() const {
  std::string line(what_);
  for (const Field& field : fields_) {
    line += fmt::format(" {}=", field.name);
    if (const auto* const number = std::get_if<std::uint64_t>(&field.value)) {
      line += std::to_string(*number);
    } else {
      const auto& words = std::get<std::string>(field.value);
      line += field.quoted ? in_quotes(words) : words;
    }
  }
  return line;
}

std::string Event::json() const {
  std::string members;
  for (const Field& field : fields_) {
    members += fmt::format(",\"{}\":", field.name);
    if (const auto* const number = std::get_if<std::uint64_t>(&field.value)) {
      members += std::to_string(*number);
    } else {
      members += json_string(printable(std::get<std::string>(field.value)));
    }
  }
  return members;
}

void Event::write(Level level, std::string_view who) const {
  if (!enabled(level)) return;
  std::string behind;
  if (level >= Level::warning) {
    auto admitted = admit(level, fmt::string_view(what_.data(), what_.size()), who);
    if (!admitted) return;
    behind = std::move(*admitted);
  }
  if (form() == Form::json) {
    write_line(level, std::string(what_) + behind, json());
  } else {
    log::write(level, text() + behind);
  }
}

}  // namespace posthorn::log
