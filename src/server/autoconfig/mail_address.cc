#include "server/autoconfig/mail_address.h"

#include <algorithm>

#include "text/ascii.h"
#include "text/utf8.h"

namespace posthorn::server::autoconfig {
namespace {

using http::Field;
using http::Request;

/// RFC 5321 §4.5.3.1: 64 for the local part, 255 for the domain, and the '@'.
constexpr std::size_t kMaxOctets = 320;

bool is_blank_or_control(char c) { return static_cast<unsigned char>(c) <= ' ' || c == '\x7F'; }

}  // namespace

std::optional<MailAddress> parse_mail_address(std::string_view text) {
  const std::size_t at = text.rfind('@');
  if (at == std::string_view::npos || at == 0 || at + 1 == text.size()) return std::nullopt;
  if (text.size() > kMaxOctets || !text::is_valid_utf8(text) ||
      std::ranges::any_of(text, is_blank_or_control))
    return std::nullopt;
  return MailAddress{std::string(text), text::lower(text.substr(at + 1))};
}

const std::string* find_emailaddress(const Request& request) {
  for (const Field& parameter : request.query)
    if (text::iequals(parameter.name, "emailaddress") && !parameter.value.empty())
      return &parameter.value;
  return nullptr;
}

}  // namespace posthorn::server::autoconfig
