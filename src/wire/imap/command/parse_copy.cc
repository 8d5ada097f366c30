#include "wire/imap/command/rules.h"

namespace posthorn::wire::imap::grammar {

namespace {

bool set_and_mailbox(Input& in, SequenceSet& set, std::string& name) {
  return in.sp() && sequence_set(in, set) && in.sp() && mailbox(in, name);
}

}  // namespace

bool arguments(Input& in, CopyCommand& out) { return set_and_mailbox(in, out.set, out.mailbox); }

bool arguments(Input& in, MoveCommand& out) { return set_and_mailbox(in, out.set, out.mailbox); }

// RFC 4315 §2.1: only UID EXPUNGE has a set.
bool arguments(Input& in, ExpungeCommand& out) {
  if (out.numbering == Numbering::seqnum) return true;
  return in.sp() && sequence_set(in, out.uids.emplace());
}

}  // namespace posthorn::wire::imap::grammar
