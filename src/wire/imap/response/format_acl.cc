#include "wire/imap/response/format_acl.h"

namespace posthorn::wire::imap {

void format_acl(Writer& w, std::string_view mailbox, std::span<const AclItem> entries) {
  w.raw("* ACL ").mailbox(mailbox);
  for (const AclItem& entry : entries) w.sp().astring(entry.identifier).sp().astring(entry.rights);
  w.crlf();
}

void format_listrights(Writer& w, std::string_view mailbox, std::string_view identifier,
                       std::string_view required, std::string_view optional) {
  w.raw("* LISTRIGHTS ").mailbox(mailbox).sp().astring(identifier).sp().astring(required);
  for (const char& letter : optional) w.sp().astring(std::string_view(&letter, 1));
  w.crlf();
}

void format_myrights(Writer& w, std::string_view mailbox, std::string_view rights) {
  w.raw("* MYRIGHTS ").mailbox(mailbox).sp().astring(rights).crlf();
}

}  // namespace posthorn::wire::imap
