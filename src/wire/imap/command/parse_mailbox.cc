#include "wire/imap/chars.h"
#include "wire/imap/command/rules.h"

namespace posthorn::wire::imap::grammar {

namespace {

// RFC 6154 §6 `use-attr`; \Important is RFC 8457.
bool use_attr(Input& in, std::vector<std::string>& out) {
  static constexpr std::string_view kKnown[] = {"\\All",  "\\Archive", "\\Drafts", "\\Flagged",
                                                "\\Junk", "\\Sent",    "\\Trash",  "\\Important"};
  if (!in.take('\\')) return in.expected("a special-use attribute");
  std::string name;
  if (!atom(in, name)) return false;
  name.insert(0, 1, '\\');
  for (const std::string_view known : kKnown)
    if (text::iequals(name, known)) name = known;
  out.push_back(std::move(name));
  return true;
}

}  // namespace

// RFC 4466 §2.2: "CREATE" SP mailbox [SP "(" create-param *(SP create-param) ")"]
bool arguments(Input& in, CreateCommand& out) {
  if (!in.sp() || !mailbox(in, out.mailbox)) return false;
  if (!in.another()) return true;
  return nonempty_list_of(in, [&] {
    if (!in.take("USE")) return in.expected("USE");
    return in.sp() && list_of(in, [&] { return use_attr(in, out.special_use); });
  });
}

bool arguments(Input& in, DeleteCommand& out) { return in.sp() && mailbox(in, out.mailbox); }

bool arguments(Input& in, RenameCommand& out) {
  return in.sp() && mailbox(in, out.from) && in.sp() && mailbox(in, out.to);
}

bool arguments(Input& in, SubscribeCommand& out) { return in.sp() && mailbox(in, out.mailbox); }

bool arguments(Input& in, UnsubscribeCommand& out) { return in.sp() && mailbox(in, out.mailbox); }

bool arguments(Input& in, StatusCommand& out) {
  return in.sp() && mailbox(in, out.mailbox) && in.sp() && status_att_list(in, out.items);
}

}  // namespace posthorn::wire::imap::grammar
