#include "wire/mta/socketmap.h"

#include <charconv>

#include "text/ascii.h"

namespace posthorn::wire::mta {
namespace {

constexpr std::size_t kMaxDigits = 5;

std::unexpected<Error> malformed(std::string_view what) {
  return fail(ErrorKind::syntax, std::string(what));
}

}  // namespace

Result<std::optional<MapRequest>> MapRequests::take(std::string_view& input) {
  // One octet at a time until the length is known, then what is missing of that length.
  std::size_t colon = held_.find(':');
  while (colon == std::string::npos && !input.empty()) {
    const char c = input.front();
    if (!text::is_digit(c) && (c != ':' || held_.empty()))
      return malformed("a request must be a netstring");
    if (c == ':') colon = held_.size();
    held_ += c;
    input.remove_prefix(1);
    if (held_.size() > kMaxDigits + 1) return malformed("the request is too long");
  }
  if (colon == std::string::npos) return std::nullopt;
  std::size_t length = 0;
  std::from_chars(held_.data(), held_.data() + colon, length);
  if (length > kMaxMapRequest) return malformed("the request is too long");
  const std::size_t whole = colon + 1 + length + 1;
  const std::string_view part = input.substr(0, whole - held_.size());
  held_ += part;
  input.remove_prefix(part.size());
  if (held_.size() < whole) return std::nullopt;
  if (held_.back() != ',') return malformed("a netstring must end with a comma");
  const std::string_view text = std::string_view(held_).substr(colon + 1, length);
  const std::size_t space = text.find(' ');
  if (space == std::string_view::npos) return malformed("a request needs a map and a key");
  MapRequest request{std::string(text.substr(0, space)), std::string(text.substr(space + 1))};
  held_.clear();
  return request;
}

std::string format_map_reply(MapOutcome outcome, std::string_view value) {
  std::string_view word = "OK";
  switch (outcome) {
    case MapOutcome::found: break;
    case MapOutcome::not_found: word = "NOTFOUND"; break;
    case MapOutcome::temporary: word = "TEMP"; break;
    case MapOutcome::permanent: word = "PERM"; break;
  }
  return fmt::format("{}:{} {},", word.size() + 1 + value.size(), word, value);
}

}  // namespace posthorn::wire::mta
