#include "client/imap_reply.h"

namespace posthorn::client {

namespace {

std::optional<wire::imap::Condition> condition_of(std::string_view word) {
  using wire::imap::Condition;
  if (word == "OK") return Condition::ok;
  if (word == "NO") return Condition::no;
  if (word == "BAD") return Condition::bad;
  if (word == "BYE") return Condition::bye;
  if (word == "PREAUTH") return Condition::preauth;
  return std::nullopt;
}

std::string_view take_word(std::string_view& line) {
  const std::size_t space = line.find(' ');
  const std::string_view word = line.substr(0, space);
  line.remove_prefix(space == std::string_view::npos ? line.size() : space + 1);
  return word;
}

}  // namespace

std::optional<StatusLine> parse_status_line(std::string_view line) {
  StatusLine out;
  out.tag = take_word(line);
  const auto condition = condition_of(take_word(line));
  if (!condition) return std::nullopt;
  out.condition = *condition;
  // A code ends at the first "]": no known code contains one.
  if (const std::size_t end = line.find(']');
      line.starts_with('[') && end != std::string_view::npos) {
    out.code = line.substr(1, end - 1);
    line.remove_prefix(end + 1);
    if (line.starts_with(' ')) line.remove_prefix(1);
  }
  out.text = line;
  return out;
}

}  // namespace posthorn::client
