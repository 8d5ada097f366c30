#include "wire/mta/policy.h"

#include <charconv>
#include <utility>

namespace posthorn::wire::mta {

std::uint64_t PolicyRequest::number(std::string_view name) const {
  const std::string_view text = (*this)[name];
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

Result<std::optional<PolicyRequest>> PolicyRequests::take(std::string_view& input) {
  while (auto line = lines_.take(input)) {
    if (line->empty()) return std::exchange(request_, {});
    const std::size_t equals = line->find('=');
    if (equals == std::string::npos || equals == 0)
      return fail(ErrorKind::syntax, "a line must be name=value");
    if (request_.attributes_.size() >= kMaxAttributes)
      return fail(ErrorKind::syntax, "the request has too many attributes");
    request_.attributes_.insert_or_assign(line->substr(0, equals), line->substr(equals + 1));
  }
  if (lines_.too_long()) return fail(ErrorKind::syntax, "a line is too long");
  return std::nullopt;
}

std::string format_policy_reply(std::string_view action) {
  return fmt::format("action={}\n\n", action);
}

}  // namespace posthorn::wire::mta
