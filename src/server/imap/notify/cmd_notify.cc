#include <algorithm>
#include <memory>
#include <utility>

#include "server/imap/commands.h"
#include "server/imap/notify/notifications.h"
#include "server/imap/notify/tell_account.h"
#include "server/imap/notify/tell_others.h"
#include "server/imap/session.h"
#include "service/sharing/find.h"
#include "wire/imap/response/format_list.h"

namespace posthorn::server::imap {
namespace {

namespace wi = wire::imap;
using wi::NotifyEvent;

/// RFC 5465 §3.1. Annotations of messages are not supported; those of mailboxes can be disabled.
Reply refuse_event(const Session& session) {
  wi::code::BadEvent code{
      {"MessageNew", "MessageExpunge", "FlagChange", "MailboxName", "SubscriptionChange"}};
  if (session.is_offered("METADATA"))
    code.known.insert(code.known.end(), {"MailboxMetadataChange", "ServerMetadataChange"});
  return Reply::no("An event is not supported", std::move(code));
}

bool has_metadata_event(const wi::NotifyCommand& command) {
  return std::ranges::any_of(command.groups, [](const wi::NotifyGroup& group) {
    return group.events.has(NotifyEvent::mailbox_metadata_change) ||
           group.events.has(NotifyEvent::server_metadata_change);
  });
}

bool is_too_long(const wi::NotifyCommand& command) {
  std::size_t names = command.groups.size();
  std::size_t octets = 0;
  for (const wi::NotifyGroup& group : command.groups) {
    names += group.mailboxes.names.size() + group.fetch.size();
    for (const std::string& name : group.mailboxes.names) octets += name.size();
    for (const wi::FetchItem& item : group.fetch) {
      names += item.section.fields.size() + item.section.part.size();
      for (const std::string& field : item.section.fields) octets += field.size();
    }
  }
  return names > Notifications::kMostNames || octets > Notifications::kMostOctets;
}

/// RFC 5465 §3.1: mailboxes that the client may know of but not read.
async::Task<void> say_not_readable(Session& session, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    const auto mailbox =
        co_await service::find_mailbox(session.caller(), name, {service::Right::lookup});
    if (!mailbox || service::require(*mailbox, service::Right::read)) continue;
    wi::ListResponse response;
    response.kind = wi::ListKind::list_extended;
    response.attributes = bit(wi::ListAttribute::no_access);
    response.mailbox = name;
    auto w = session.writer();
    wi::format_list(w, response);
  }
}

/// The names that the groups give.
std::vector<std::string> names_in(const wi::NotifyCommand& command) {
  std::vector<std::string> names;
  for (const wi::NotifyGroup& group : command.groups)
    names.insert(names.end(), group.mailboxes.names.begin(), group.mailboxes.names.end());
  return names;
}

}  // namespace

// RFC 5465. NOTIFY NONE is a NOTIFY SET without groups: the client does not want to be told
// anything, not even of the selected mailbox.
CommandTask cmd_notify(Session& session, wi::NotifyCommand& command) {
  if (command.has_unknown_event || (has_metadata_event(command) && !session.is_offered("METADATA")))
    co_return refuse_event(session);
  if (is_too_long(command))
    co_return Reply::no("The request is too long", wi::CodeName::notification_overflow);
  if (command.mode == wi::NotifyCommand::Mode::set) {
    // RFC 5465 §3.1: what has accumulated is told first, whatever the client wants from now on.
    auto told = co_await session.tell_regardless(service::kTellAll, wi::Numbering::seqnum);
    if (!told || session.is_over()) co_return session.lost();
  }
  const std::vector<std::string> names = names_in(command);
  const bool tells_metadata = session.enabled.metadata || has_metadata_event(command);
  auto notify = std::make_unique<Notifications>(std::move(command.groups));
  if (Status watched = co_await watch_others(session, *notify); !watched) {
    if (watched.error().kind != ErrorKind::limit) co_return session.refuse(watched.error());
    co_return Reply::no(watched.error().text, wi::CodeName::notification_overflow);
  }
  co_await say_not_readable(session, names);
  notify->told = session.account->published();
  if (command.mode == wi::NotifyCommand::Mode::set)
    notify->watch = session.account->watch({}, [&session] { session.connection.wake(); });
  if (!tells_metadata) {
    session.told_metadata.reset();
  } else if (!session.told_metadata) {
    session.told_metadata = notify->told->annotations;
  }
  session.notifications = std::move(notify);
  session.annotations_of_others.reset();  // They are told by what was asked for here.
  if (command.status) {
    if (auto said = co_await say_status_of_groups(session); !said) co_return session.lost();
  }
  co_return Reply::ok("NOTIFY completed");
}

}  // namespace posthorn::server::imap
