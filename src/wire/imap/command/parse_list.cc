#include "wire/imap/chars.h"
#include "wire/imap/command/rules.h"
#include "wire/imap/names.h"

namespace posthorn::wire::imap::grammar {

namespace {

bool list_select_opt(Input& in, ListSelection& out) {
  const std::size_t mark = in.mark();
  const std::string_view option = in.take_run(kAtomChars);
  if (text::iequals(option, "SUBSCRIBED")) return out.subscribed = true;
  if (text::iequals(option, "REMOTE")) return out.remote = true;
  if (text::iequals(option, "RECURSIVEMATCH")) return out.recursive_match = true;
  if (text::iequals(option, "SPECIAL-USE")) return out.special_use = true;
  in.back_to(mark);
  return in.expected("a selection option");
}

bool list_select_opts(Input& in, ListSelection& out) {
  if (!list_of(in, [&] { return list_select_opt(in, out); })) return false;
  // RFC 5258 §3.1: not allowed without an option to modify. SPECIAL-USE is accepted as one,
  // although RFC 6154 §6 calls it independent, because the meaning is clear.
  if (out.recursive_match && !out.subscribed && !out.special_use)
    return in.refuse(ErrorKind::bad_argument,
                     "RECURSIVEMATCH requires another option such as SUBSCRIBED");
  return true;
}

bool return_option(Input& in, ListReturn& out) {
  const std::size_t mark = in.mark();
  const std::string_view option = in.take_run(kAtomChars);
  if (text::iequals(option, "SUBSCRIBED")) return out.subscribed = true;
  if (text::iequals(option, "CHILDREN")) return out.children = true;
  if (text::iequals(option, "SPECIAL-USE")) return out.special_use = true;
  if (text::iequals(option, "MYRIGHTS")) return out.my_rights = true;
  if (text::iequals(option, "STATUS"))
    return in.sp() && status_att_list(in, out.status ? *out.status : out.status.emplace());
  if (text::iequals(option, "METADATA")) return in.sp() && metadata_entries(in, out.metadata);
  in.back_to(mark);
  return in.expected("a return option");
}

// The reference is only part of a mailbox name: "~/Mail/" and "" are allowed too (RFC 9051 §6.3.9).
bool reference(Input& in, std::string& out) {
  if (!astring(in, out)) return false;
  out = decode_pattern(std::move(out), in.options().utf8);
  return true;
}

// RFC 5258 §6 `mbox-or-pat`.
bool mbox_or_pat(Input& in, ListCommand& out) {
  if (in.peek() != '(') return list_mailbox(in, out.patterns.emplace_back());
  out.extended = true;
  return nonempty_list_of(in, [&] { return list_mailbox(in, out.patterns.emplace_back()); });
}

}  // namespace

bool arguments(Input& in, ListCommand& out) {
  if (!in.sp()) return false;
  if (in.peek() == '(') {
    out.extended = true;
    if (!list_select_opts(in, out.select) || !in.sp()) return false;
  }
  if (!reference(in, out.reference) || !in.sp() || !mbox_or_pat(in, out)) return false;
  if (!in.another()) return true;
  if (!in.take("RETURN")) return in.expected("RETURN");
  out.extended = true;
  return in.sp() && list_of(in, [&] { return return_option(in, out.returns); });
}

bool arguments(Input& in, LsubCommand& out) {
  return in.sp() && reference(in, out.reference) && in.sp() && list_mailbox(in, out.pattern);
}

}  // namespace posthorn::wire::imap::grammar
