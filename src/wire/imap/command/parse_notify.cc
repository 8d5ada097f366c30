#include <algorithm>
#include <utility>

#include "wire/imap/chars.h"
#include "wire/imap/command/rules.h"

namespace posthorn::wire::imap::grammar {

namespace {

using Kind = MailboxFilter::Kind;

// one-or-more-mailbox
bool one_or_more_mailbox(Input& in, std::vector<std::string>& out) {
  if (!in.sp()) return false;
  if (in.peek() != '(') return mailbox(in, out.emplace_back());
  return nonempty_list_of(in, [&] { return mailbox(in, out.emplace_back()); });
}

constexpr std::pair<std::string_view, NotifyEvent> kEvents[] = {
    {"MESSAGENEW", NotifyEvent::message_new},
    {"MESSAGEEXPUNGE", NotifyEvent::message_expunge},
    {"FLAGCHANGE", NotifyEvent::flag_change},
    {"MAILBOXNAME", NotifyEvent::mailbox_name},
    {"SUBSCRIPTIONCHANGE", NotifyEvent::subscription_change},
    {"MAILBOXMETADATACHANGE", NotifyEvent::mailbox_metadata_change},
    {"SERVERMETADATACHANGE", NotifyEvent::server_metadata_change},
};

// [SP "(" fetch-att *(SP fetch-att) ")"]
bool optional_fetch_atts(Input& in, std::vector<FetchItem>& out) {
  const std::size_t mark = in.mark();
  in.skip_spaces();
  if (in.mark() != mark && in.peek() == '(') return fetch_att_list(in, out);
  in.back_to(mark);  // The spaces belong to what follows.
  return true;
}

bool event(Input& in, NotifyGroup& group, bool& unknown) {
  std::string name;
  if (!word(in, name)) return false;
  const auto* const known = std::ranges::find(kEvents, name, [](const auto& e) { return e.first; });
  if (known == std::end(kEvents)) return unknown = true;
  group.events.add(known->second);
  return known->second != NotifyEvent::message_new || optional_fetch_atts(in, group.fetch);
}

// events, of which RFC 5465 §3.1 has an example with a single one without parentheses.
bool events(Input& in, NotifyGroup& group, bool& unknown) {
  if (in.peek() == '(') return nonempty_list_of(in, [&] { return event(in, group, unknown); });
  if (in.take("NONE")) return true;
  return in.expected("a list of events or NONE");
}

// RFC 5465 §5, §6.1, §8.
bool check_group(Input& in, const NotifyGroup& group) {
  const NotifyEvents& events = group.events;
  const bool is_new = events.has(NotifyEvent::message_new);
  if (is_new != events.has(NotifyEvent::message_expunge))
    return in.refuse(ErrorKind::bad_argument,
                     "MessageNew and MessageExpunge must be specified together");
  if (events.has(NotifyEvent::flag_change) && !is_new)
    return in.refuse(ErrorKind::bad_argument, "FlagChange requires MessageNew and MessageExpunge");
  if (!group.mailboxes.is_of_selected()) {
    if (!group.fetch.empty())
      return in.refuse(ErrorKind::bad_argument,
                       "only the selected mailbox can have items to fetch with MessageNew");
    return true;
  }
  constexpr auto kOfMessages = static_cast<unsigned>(NotifyEvent::message_new) |
                               static_cast<unsigned>(NotifyEvent::message_expunge) |
                               static_cast<unsigned>(NotifyEvent::flag_change);
  if ((events.bits & ~kOfMessages) != 0)
    return in.refuse(ErrorKind::bad_argument,
                     "the selected mailbox can only have events of messages");
  return true;
}

bool check_groups(Input& in, const NotifyCommand& command) {
  if (command.has_unknown_event) return true;
  const auto selected = std::ranges::count_if(
      command.groups, [](const NotifyGroup& group) { return group.mailboxes.is_of_selected(); });
  if (selected > 1)
    return in.refuse(ErrorKind::bad_argument, "the selected mailbox can be specified only once");
  return std::ranges::all_of(command.groups,
                             [&](const NotifyGroup& group) { return check_group(in, group); });
}

// event-group
bool event_group(Input& in, NotifyCommand& command) {
  NotifyGroup& group = command.groups.emplace_back();
  if (!in.open() || !filter_mailboxes(in, group.mailboxes)) return false;
  if (group.mailboxes.kind == Kind::subtree_one)
    return in.refuse(ErrorKind::bad_argument, "SUBTREE-ONE cannot be used with NOTIFY");
  return in.sp() && events(in, group, command.has_unknown_event) && in.close();
}

}  // namespace

bool filter_mailboxes(Input& in, MailboxFilter& out) {
  static constexpr std::pair<std::string_view, Kind> kNames[] = {
      {"SELECTED", Kind::selected},     {"SELECTED-DELAYED", Kind::selected_delayed},
      {"INBOXES", Kind::inboxes},       {"PERSONAL", Kind::personal},
      {"SUBSCRIBED", Kind::subscribed}, {"SUBTREE", Kind::subtree},
      {"MAILBOXES", Kind::mailboxes},   {"SUBTREE-ONE", Kind::subtree_one},
  };
  const std::size_t mark = in.mark();
  const std::string_view name = in.take_run(kAtomChars);
  const auto* const known = std::ranges::find_if(
      kNames, [&](const auto& entry) { return text::iequals(entry.first, name); });
  if (known == std::end(kNames)) {
    in.back_to(mark);
    return in.expected("which mailboxes are meant");
  }
  out.kind = known->second;
  const bool has_names =
      out.kind == Kind::subtree || out.kind == Kind::subtree_one || out.kind == Kind::mailboxes;
  return !has_names || one_or_more_mailbox(in, out.names);
}

// RFC 5465 §8.
bool arguments(Input& in, NotifyCommand& out) {
  if (!in.sp()) return false;
  if (in.take("NONE")) return true;
  if (!in.take("SET ")) return in.expected("SET or NONE");
  in.skip_spaces();
  out.mode = NotifyCommand::Mode::set;
  if (in.take("STATUS ")) {
    out.status = true;
    in.skip_spaces();
  }
  do {
    if (!in.within_list(out.groups.size()) || !event_group(in, out)) return false;
  } while (in.another());
  return check_groups(in, out);
}

}  // namespace posthorn::wire::imap::grammar
