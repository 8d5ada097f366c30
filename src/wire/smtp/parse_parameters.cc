#include "wire/smtp/parse_parameters.h"

#include <charconv>
#include <set>
#include <string>

#include "text/ascii.h"
#include "text/utf8.h"
#include "wire/smtp/internet_date.h"
#include "wire/smtp/xtext.h"

namespace posthorn::wire::smtp {
namespace {

constexpr std::size_t kMaxParameters = 32;
constexpr std::size_t kMaxEnvidOctets = 100;  // RFC 3461 §4.4, as encoded.

enum class Taken : std::uint8_t { yes, unknown, malformed };

std::string_view take_until(std::string_view& rest, char end) {
  const std::size_t at = rest.find(end);
  const std::string_view part = rest.substr(0, at);
  rest = at == std::string_view::npos ? std::string_view() : rest.substr(at + 1);
  return part;
}

/// Calls `take(NAME, value)` for each parameter; the value is none if there is no '='.
template <class Take>
std::optional<Reply> for_each_parameter(std::string_view text, Take take) {
  std::set<std::string> seen;
  while (!text.empty()) {
    std::string_view parameter = take_until(text, ' ');
    if (parameter.empty()) continue;
    const bool has_value = parameter.find('=') != std::string_view::npos;
    const std::string name = text::upper(take_until(parameter, '='));
    const auto value = has_value ? std::optional(parameter) : std::nullopt;
    // A repeated parameter is malformed (RFC 3461 §4, RFC 1870 §3 allow only one).
    const bool again = !seen.insert(name).second || seen.size() > kMaxParameters;
    const Taken taken = again ? Taken::malformed : take(name, value);
    if (taken == Taken::unknown) return reply(555, {5, 5, 4}, "Parameter not recognized: " + name);
    if (taken == Taken::malformed) return reply(501, {5, 5, 4}, "Malformed parameter: " + name);
  }
  return std::nullopt;
}

bool parse_size(std::string_view digits, std::optional<std::uint64_t>& size) {
  std::uint64_t n = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), n);
  if (digits.empty() || digits.size() > 20 || end != digits.data() + digits.size()) return false;
  // RFC 1870 §3 allows 20 digits: a number that does not fit is larger than any limit.
  if (error == std::errc::result_out_of_range)
    n = UINT64_MAX;
  else if (error != std::errc())
    return false;
  size = n;
  return true;
}

bool parse_body(std::string_view value, Body& body) {
  if (text::iequals(value, "7BIT"))
    body = Body::seven_bit;
  else if (text::iequals(value, "8BITMIME"))
    body = Body::eight_bit_mime;
  else if (text::iequals(value, "BINARYMIME"))
    body = Body::binary_mime;
  else
    return false;
  return true;
}

/// RFC 4865 §4.1: one to nine digits.
bool parse_hold_for(std::string_view digits, std::optional<std::uint64_t>& seconds) {
  constexpr std::size_t kMaxDigits = 9;
  if (digits.size() > kMaxDigits) return false;
  return parse_size(digits, seconds);
}

/// RFC 4865 §4.2 future-release-date-time: RFC 3339, "2026-11-23T04:51:33+01:00".
bool parse_hold_until(std::string_view text, std::optional<std::int64_t>& moment) {
  const auto when = parse_internet_date(text);
  if (!when) return false;
  moment = when;
  return true;
}

Taken take_mail_parameter(std::string_view name, std::optional<std::string_view> value,
                          MailParameters& out) {
  const auto judge = [](bool fine) { return fine ? Taken::yes : Taken::malformed; };
  if (name == "SMTPUTF8") {
    out.smtputf8 = true;
    return judge(!value);
  }
  const std::string_view v = value.value_or("");
  if (name == "SIZE") return judge(parse_size(v, out.size));
  if (name == "BODY") return judge(parse_body(v, out.body));
  if (name == "RET") {
    if (text::iequals(v, "FULL")) out.ret = Ret::full;
    if (text::iequals(v, "HDRS")) out.ret = Ret::headers;
    return judge(out.ret.has_value());
  }
  if (name == "ENVID") {
    if (!v.empty() && v.size() <= kMaxEnvidOctets) out.envid = parse_xtext(v);
    return judge(out.envid.has_value());
  }
  if (name == "HOLDFOR") return judge(!out.hold_until && parse_hold_for(v, out.hold_for));
  if (name == "HOLDUNTIL") return judge(!out.hold_for && parse_hold_until(v, out.hold_until));
  if (name == "AUTH") {
    if (!v.empty()) out.auth = parse_xtext(v);
    return judge(out.auth.has_value());
  }
  return Taken::unknown;
}

/// RFC 3461 §4.1: NEVER must be the only value.
bool parse_notify(std::string_view value, Notify& notify) {
  if (text::iequals(value, "NEVER")) {
    notify.never = true;
    return true;
  }
  if (value.empty() || value.ends_with(',')) return false;
  while (!value.empty()) {
    const std::string_view word = take_until(value, ',');
    if (text::iequals(word, "SUCCESS"))
      notify.success = true;
    else if (text::iequals(word, "FAILURE"))
      notify.failure = true;
    else if (text::iequals(word, "DELAY"))
      notify.delay = true;
    else
      return false;
  }
  return true;
}

bool parse_orcpt(std::string_view value, std::optional<OriginalRecipient>& orcpt) {
  const std::string_view type = take_until(value, ';');
  auto address = parse_xtext(value);
  if (type.empty() || !address || address->empty() || !text::is_valid_utf8(*address)) return false;
  orcpt = OriginalRecipient{std::string(type), std::move(*address)};
  return true;
}

}  // namespace

std::expected<MailParameters, Reply> parse_mail_parameters(std::string_view text) {
  MailParameters out;
  auto refused = for_each_parameter(text, [&](const std::string& name, auto value) {
    return take_mail_parameter(name, value, out);
  });
  if (refused) return std::unexpected(std::move(*refused));
  return out;
}

std::optional<Reply> parse_rcpt_parameters(std::string_view text, Rcpt& rcpt) {
  return for_each_parameter(
      text, [&](const std::string& name, std::optional<std::string_view> value) {
        const auto judge = [](bool fine) { return fine ? Taken::yes : Taken::malformed; };
        if (name == "NOTIFY") return judge(parse_notify(value.value_or(""), rcpt.notify));
        if (name == "ORCPT") return judge(parse_orcpt(value.value_or(""), rcpt.orcpt));
        return Taken::unknown;
      });
}

}  // namespace posthorn::wire::smtp
