#include "wire/imap/response/format_context.h"

#include "wire/imap/response/format_search.h"

namespace posthorn::wire::imap {

namespace {

void changes(Writer& w, std::string_view name, std::span<const ContextChange> list) {
  if (list.empty()) return;
  w.raw(name);
  std::string_view gap = " (";
  for (const ContextChange& change : list) {
    w.raw(gap).number(change.position).sp();
    format_ordered_set(w, change.numbers);
    gap = " ";
  }
  w.raw(')');
}

}  // namespace

void format_context_update(Writer& w, const ContextUpdate& update) {
  w.raw("* ");
  format_correlator(w, update.tag, update.mailbox, update.uid_validity);
  if (update.numbering == Numbering::uid) w.raw(" UID");
  changes(w, " REMOVEFROM", update.removed);
  changes(w, " ADDTO", update.added);
  w.crlf();
}

void format_comparator(Writer& w, std::string_view active,
                       std::span<const std::string_view> matching) {
  w.raw("* COMPARATOR ").astring(active);
  if (matching.size() > 1) {
    std::string_view gap = " (";
    for (const std::string_view name : matching) {
      w.raw(gap).astring(name);
      gap = " ";
    }
    w.raw(')');
  }
  w.crlf();
}

}  // namespace posthorn::wire::imap
