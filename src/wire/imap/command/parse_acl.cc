#include <utility>

#include "wire/imap/command/rules.h"

namespace posthorn::wire::imap::grammar {
namespace {

// RFC 4314 §7: mod-rights = astring, which begins with "+" or "-", or does not.
bool mod_rights(Input& in, SetAclCommand& out) {
  if (!astring(in, out.rights)) return false;
  if (out.rights.starts_with('+')) out.mode = SetAclCommand::Mode::add;
  if (out.rights.starts_with('-')) out.mode = SetAclCommand::Mode::remove;
  if (out.mode != SetAclCommand::Mode::replace) out.rights.erase(0, 1);
  return true;
}

bool mailbox_and_identifier(Input& in, std::string& name, std::string& identifier) {
  return in.sp() && mailbox(in, name) && in.sp() && astring(in, identifier);
}

}  // namespace

bool arguments(Input& in, GetAclCommand& out) { return in.sp() && mailbox(in, out.mailbox); }

bool arguments(Input& in, SetAclCommand& out) {
  return mailbox_and_identifier(in, out.mailbox, out.identifier) && in.sp() && mod_rights(in, out);
}

bool arguments(Input& in, DeleteAclCommand& out) {
  return mailbox_and_identifier(in, out.mailbox, out.identifier);
}

bool arguments(Input& in, ListRightsCommand& out) {
  return mailbox_and_identifier(in, out.mailbox, out.identifier);
}

bool arguments(Input& in, MyRightsCommand& out) { return in.sp() && mailbox(in, out.mailbox); }

}  // namespace posthorn::wire::imap::grammar
