#include "wire/imap/command/rules.h"

namespace posthorn::wire::imap::grammar {

namespace {

// 1*(SP astring)
bool astrings(Input& in, std::vector<std::string>& out) {
  do {
    if (!in.within_list(out.size()) || !astring(in, out.emplace_back())) return false;
  } while (in.another());
  return true;
}

}  // namespace

// RFC 5267 §5: quoted; an astring is accepted too.
bool arguments(Input& in, CancelUpdateCommand& out) { return in.sp() && astrings(in, out.tags); }

// RFC 5255 §4.10.
bool arguments(Input& in, ComparatorCommand& out) {
  return !in.another() || astrings(in, out.wanted);
}

}  // namespace posthorn::wire::imap::grammar
