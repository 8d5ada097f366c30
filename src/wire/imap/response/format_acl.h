#pragma once

#include <span>
#include <string_view>

#include "wire/imap/response/writer.h"

/// Access control lists (RFC 4314 §3.6, §3.7, §3.8). Rights are given as their letters.
namespace posthorn::wire::imap {

struct AclItem {
  std::string_view identifier;
  std::string_view rights;
};
void format_acl(Writer& w, std::string_view mailbox, std::span<const AclItem> entries);

/// `required` are always granted; each of `optional` can be granted or not.
void format_listrights(Writer& w, std::string_view mailbox, std::string_view identifier,
                       std::string_view required, std::string_view optional);

void format_myrights(Writer& w, std::string_view mailbox, std::string_view rights);

}  // namespace posthorn::wire::imap
