#include "wire/imap/command/rules.h"

namespace posthorn::wire::imap::grammar {

namespace {

// RFC 7162 §7: "(" known-sequence-set SP known-uid-set ")"
bool seq_match_data(Input& in, QresyncParameter::SequenceMatch& out) {
  return in.open() && known_uids(in, out.seqnums) && in.sp() && known_uids(in, out.uids) &&
         in.close();
}

// RFC 7162 §7: "(" uidvalidity SP mod-sequence-value [SP known-uids] [SP seq-match-data] ")"
bool qresync(Input& in, QresyncParameter& out) {
  if (!in.sp() || !in.open() || !nz_number(in, out.uid_validity.value) || !in.sp() ||
      !mod_sequence_valzer(in, out.mod_seq))
    return false;
  bool more = in.another();
  if (more && in.peek() != '(') {
    if (!known_uids(in, out.known_uids.emplace())) return false;
    more = in.another();
  }
  if (more && !seq_match_data(in, out.match.emplace())) return false;
  return in.close();
}

bool select_param(Input& in, SelectCommand& out) {
  if (in.take("CONDSTORE")) return out.condstore = true;
  if (in.take("QRESYNC")) return qresync(in, out.qresync.emplace());
  return in.expected("CONDSTORE or QRESYNC");
}

}  // namespace

bool arguments(Input& in, SelectCommand& out) {
  if (!in.sp() || !mailbox(in, out.mailbox)) return false;
  if (!in.another()) return true;
  return nonempty_list_of(in, [&] { return select_param(in, out); });
}

}  // namespace posthorn::wire::imap::grammar
