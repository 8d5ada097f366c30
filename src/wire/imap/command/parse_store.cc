#include "wire/imap/command/rules.h"

namespace posthorn::wire::imap::grammar {

namespace {

// RFC 4466 §2.5, RFC 7162 §7: "(" "UNCHANGEDSINCE" SP mod-sequence-valzer ")"
bool store_modifiers(Input& in, StoreCommand& out) {
  return nonempty_list_of(in, [&] {
    if (!in.take("UNCHANGEDSINCE")) return in.expected("UNCHANGEDSINCE");
    return in.sp() && mod_sequence_valzer(in, out.unchanged_since.emplace());
  });
}

// ["+" / "-"] "FLAGS" [".SILENT"]
bool store_att_name(Input& in, StoreCommand& out) {
  if (in.take('+'))
    out.mode = StoreCommand::Mode::add;
  else if (in.take('-'))
    out.mode = StoreCommand::Mode::remove;
  if (!in.take("FLAGS")) return in.expected("FLAGS, +FLAGS or -FLAGS");
  out.silent = in.take(".SILENT");
  return true;
}

// flag *(SP flag)
bool bare_flags(Input& in, FlagList& out) {
  std::size_t n = 0;
  do {
    if (!in.within_list(n++) || !flag(in, out)) return false;
  } while (in.another());
  return true;
}

}  // namespace

bool arguments(Input& in, StoreCommand& out) {
  if (!in.sp() || !sequence_set(in, out.set) || !in.sp()) return false;
  if (in.peek() == '(' && (!store_modifiers(in, out) || !in.sp())) return false;
  if (!store_att_name(in, out) || !in.sp()) return false;
  return in.peek() == '(' ? flag_list(in, out.flags) : bare_flags(in, out.flags);
}

}  // namespace posthorn::wire::imap::grammar
