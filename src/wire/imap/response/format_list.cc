#include "wire/imap/response/format_list.h"

namespace posthorn::wire::imap {

namespace {

void delimiter(Writer& w, char c) {
  if (c == 0)
    w.raw("NIL");
  else
    w.quoted(std::string_view(&c, 1));
}

// mbx-list-flags, in the form this client understands.
void attributes(Writer& w, ListAttributes set, ListKind kind) {
  static constexpr std::pair<ListAttribute, std::string_view> kNames[] = {
      {ListAttribute::non_existent, "\\NonExistent"},
      {ListAttribute::no_select, "\\Noselect"},
      {ListAttribute::no_inferiors, "\\Noinferiors"},
      {ListAttribute::has_children, "\\HasChildren"},
      {ListAttribute::has_no_children, "\\HasNoChildren"},
      {ListAttribute::marked, "\\Marked"},
      {ListAttribute::unmarked, "\\Unmarked"},
      {ListAttribute::subscribed, "\\Subscribed"},
      {ListAttribute::remote, "\\Remote"},
      {ListAttribute::all, "\\All"},
      {ListAttribute::archive, "\\Archive"},
      {ListAttribute::drafts, "\\Drafts"},
      {ListAttribute::flagged, "\\Flagged"},
      {ListAttribute::junk, "\\Junk"},
      {ListAttribute::sent, "\\Sent"},
      {ListAttribute::trash, "\\Trash"},
      {ListAttribute::important, "\\Important"},
      {ListAttribute::no_access, "\\NoAccess"},
  };
  const ListAttributes missing = bit(ListAttribute::non_existent);
  if ((set & missing) != 0 && !w.dialect().rev2 && kind != ListKind::list_extended)
    set = (set & ~missing) | bit(ListAttribute::no_select);
  w.raw('(');
  std::string_view gap;
  for (const auto& [attribute, name] : kNames) {
    if ((set & bit(attribute)) == 0) continue;
    w.raw(gap).raw(name);
    gap = " ";
  }
  w.raw(')');
}

// mbox-list-extended
void extended(Writer& w, const ListResponse& r) {
  const bool old_name =
      !r.old_name.empty() && (w.dialect().rev2 || r.kind == ListKind::list_extended);
  if (!r.child_subscribed && !old_name) return;
  w.raw(" (");
  if (r.child_subscribed) w.raw("\"CHILDINFO\" (\"SUBSCRIBED\")");
  if (r.child_subscribed && old_name) w.sp();
  if (old_name) w.raw("\"OLDNAME\" (").mailbox(r.old_name).raw(')');
  w.raw(')');
}

void namespace_descr(Writer& w, std::span<const NamespaceEntry> entries) {
  if (entries.empty()) {
    w.raw("NIL");
    return;
  }
  w.raw('(');
  for (const NamespaceEntry& entry : entries) {
    w.raw('(');
    // The prefix of a namespace is a string, never an atom.
    std::string name;
    Writer encoded(name, w.dialect());
    encoded.mailbox(entry.prefix);
    if (name.starts_with('"') || name.starts_with('{'))
      w.raw(name);
    else
      w.quoted(name);
    w.sp();
    delimiter(w, entry.delimiter);
    w.raw(')');
  }
  w.raw(')');
}

}  // namespace

void format_list(Writer& w, const ListResponse& r) {
  w.raw(r.kind == ListKind::lsub ? "* LSUB " : "* LIST ");
  attributes(w, r.attributes, r.kind);
  w.sp();
  delimiter(w, r.delimiter);
  w.sp().mailbox(r.mailbox);
  if (r.kind != ListKind::lsub) extended(w, r);
  w.crlf();
}

void format_namespace(Writer& w, const NamespaceResponse& r) {
  w.raw("* NAMESPACE ");
  namespace_descr(w, r.personal);
  namespace_descr(w.sp(), r.other_users);
  namespace_descr(w.sp(), r.shared);
  w.crlf();
}

}  // namespace posthorn::wire::imap
