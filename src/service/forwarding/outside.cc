#include "service/forwarding/outside.h"

#include <algorithm>

#include "text/ascii.h"
#include "text/domain.h"
#include "text/utf8.h"

namespace posthorn::service {
namespace {

/// RFC 5321 §4.5.3.1.1, in octets.
constexpr std::size_t kMaxLocalPart = 64;

/// RFC 5322 §3.2.3 atext, RFC 6531 §3.3; and the dot between atoms.
bool is_plain(char c) {
  return text::is_alpha(c) || text::is_digit(c) || static_cast<unsigned char>(c) >= 0x80 ||
         std::string_view("!#$%&'*+-/=?^_`{|}~.").contains(c);
}

bool is_plain_local_part(std::string_view local) {
  return !local.empty() && local.size() <= kMaxLocalPart && std::ranges::all_of(local, is_plain) &&
         !local.starts_with('.') && !local.ends_with('.') && !local.contains("..") &&
         text::is_valid_utf8(local);
}

}  // namespace

Status check_outside_address(std::string_view address) {
  const std::size_t at = address.rfind('@');
  if (at == std::string_view::npos || !is_plain_local_part(address.substr(0, at)))
    return fail(ErrorKind::bad_argument, fmt::format("'{}' is not an address", address));
  const std::string_view domain = address.substr(at + 1);
  if (!domain.contains('.') || !text::domain_to_ascii(domain))
    return fail(ErrorKind::bad_argument,
                fmt::format("'{}' is not an address with a fully qualified domain", address));
  return {};
}

}  // namespace posthorn::service
