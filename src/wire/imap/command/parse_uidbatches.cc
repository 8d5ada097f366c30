#include "wire/imap/command/rules.h"

namespace posthorn::wire::imap::grammar {

// RFC 10022: "UIDBATCHES" SP nz-number [SP nz-number ":" nz-number]
bool arguments(Input& in, UidBatchesCommand& out) {
  if (!in.sp() || !nz_number(in, out.size)) return false;
  if (!in.another()) return true;
  BatchRange& range = out.range.emplace();
  return nz_number(in, range.first) && (in.take(':') || in.expected("\":\"")) &&
         nz_number(in, range.last);
}

}  // namespace posthorn::wire::imap::grammar
