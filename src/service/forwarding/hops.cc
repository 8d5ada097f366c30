#include "service/forwarding/hops.h"

#include <algorithm>

#include "service/account_name.h"
#include "text/ascii.h"

namespace posthorn::service {
namespace {

/// Longer than any field of ours, whose value is an address.
constexpr std::size_t kMaxLine = 400;
/// More would only be there to fill memory.
constexpr std::size_t kMaxAliases = 1000;

/// The value of a field in an unfolded line; none if it is another field.
std::optional<std::string_view> value_of(std::string_view line, std::string_view field) {
  if (!text::istarts_with(line, field)) return std::nullopt;
  line = text::trim(line.substr(field.size()));
  if (!line.starts_with(':')) return std::nullopt;
  return text::trim(line.substr(1));
}

}  // namespace

std::string forwarded_fields(const std::vector<OutsideTarget>& targets) {
  std::set<std::string_view> aliases;
  for (const OutsideTarget& target : targets)
    if (!target.alias.empty()) aliases.insert(target.alias);
  std::string fields;
  for (const std::string_view alias : aliases)
    fields += fmt::format("{}: {}\r\n", kForwardedField, alias);
  return fields;
}

void Hops::feed(std::string_view octets) {
  while (in_header_ && !octets.empty()) {
    const std::size_t end = octets.find('\n');
    const std::string_view part = octets.substr(0, end);
    line_ += part.substr(0, kMaxLine - std::min(kMaxLine, line_.size()));
    if (end == std::string_view::npos) return;
    octets.remove_prefix(end + 1);
    end_line();
  }
}

void Hops::end_line() {
  if (line_.ends_with('\r')) line_.pop_back();
  in_header_ = !line_.empty();
  if (value_of(line_, "Received")) ++received_;
  const auto alias = value_of(line_, kForwardedField);
  if (alias && !alias->empty() && aliases_.size() < kMaxAliases)
    aliases_.insert(normal_name(*alias));
  line_.clear();
}

Status Hops::judge(const std::vector<OutsideTarget>& targets) const {
  if (received_ > kMaxHops)
    return fail(ErrorKind::no_permission,
                fmt::format("The message has passed more than {} servers", kMaxHops));
  for (const OutsideTarget& target : targets)
    if (aliases_.contains(target.alias))
      return fail(ErrorKind::no_permission,
                  fmt::format("The message was forwarded by {} before", target.alias));
  return {};
}

}  // namespace posthorn::service
