#include <algorithm>
#include <array>
#include <utility>

#include "server/imap/commands.h"
#include "server/imap/metadata_answer.h"
#include "server/imap/session.h"
#include "server/imap/status.h"
#include "service/list.h"
#include "wire/imap/list_match.h"
#include "wire/imap/response/format_list.h"

namespace posthorn::server::imap {
namespace {

namespace wi = wire::imap;
using async::Task;
using service::ListEntry;
using service::ListQuery;
using store::SpecialUse;
using wi::ListAttribute;

/// Number of mailboxes after which others may run.
constexpr std::size_t kGiveWayAfter = 64;

constexpr auto kUses = std::to_array<std::pair<SpecialUse, ListAttribute>>({
    {SpecialUse::all, ListAttribute::all},
    {SpecialUse::archive, ListAttribute::archive},
    {SpecialUse::drafts, ListAttribute::drafts},
    {SpecialUse::flagged, ListAttribute::flagged},
    {SpecialUse::junk, ListAttribute::junk},
    {SpecialUse::sent, ListAttribute::sent},
    {SpecialUse::trash, ListAttribute::trash},
    {SpecialUse::important, ListAttribute::important},
});

/// RFC 9051 §7.3.1. Special uses are always sent: macOS Mail never requests them, and Outlook looks
/// for them in LSUB.
wi::ListAttributes attributes_of(const Session& session, const ListEntry& entry) {
  wi::ListAttributes attributes = 0;
  if (entry.mailbox == nullptr) attributes |= bit(ListAttribute::non_existent);
  attributes |=
      bit(entry.has_children ? ListAttribute::has_children : ListAttribute::has_no_children);
  if (entry.mailbox != nullptr && session.is_offered("SPECIAL-USE")) {
    for (const auto& [use, attribute] : kUses) {
      if ((entry.mailbox->special_use & bit(use)) != 0) attributes |= bit(attribute);
    }
  }
  return attributes;
}

/// RFC 9051 §6.3.9: an empty pattern requests the delimiter.
void say_delimiter(Session& session) {
  wi::ListResponse response;
  response.attributes = bit(ListAttribute::no_select);
  auto w = session.writer();
  wi::format_list(w, response);
}

ListQuery query_of(const wi::ListCommand& command, const std::vector<wi::ListPattern>& patterns) {
  ListQuery query;
  query.matches = [&patterns](std::string_view name) {
    return std::ranges::any_of(patterns,
                               [&](const auto& pattern) { return pattern.matches(name); });
  };
  if (command.select.subscribed) query.from = ListQuery::From::subscriptions;
  if (command.select.recursive_match) query.depth = ListQuery::Depth::below_too;
  if (command.select.special_use) query.special_use = UINT8_MAX;
  return query;
}

wi::ListResponse response_of(const Session& session, const wi::ListCommand& command,
                             const ListEntry& entry) {
  wi::ListResponse response;
  response.kind = command.extended ? wi::ListKind::list_extended : wi::ListKind::list;
  response.attributes = attributes_of(session, entry);
  if (entry.subscribed && (command.returns.subscribed || command.select.subscribed)) {
    response.attributes |= bit(ListAttribute::subscribed);
  }
  response.mailbox = entry.name;
  response.child_subscribed =
      command.select.recursive_match && command.select.subscribed && entry.subscribed_below;
  return response;
}

/// RFC 9590. What cannot be looked up is left out.
void say_metadata(Session& session, const ListEntry& entry,
                  const std::vector<std::string>& entries) {
  if (entries.empty()) return;
  const auto mailbox = service::resolve(session.caller(), entry.name);
  if (!mailbox || !service::may_read_metadata(*mailbox)) return;
  MetadataAnswer answer(session, *mailbox);
  for (const std::string& name : entries) answer.add(name);
  answer.say(session, entry.name);
}

}  // namespace

// RFC 9051 §6.3.9; RFC 5258; RFC 5819; RFC 6154 §2.
CommandTask cmd_list(Session& session, wi::ListCommand& command) {
  if (!command.extended && command.patterns.front().empty()) {
    say_delimiter(session);
    co_return Reply::ok();
  }
  std::vector<wi::ListPattern> patterns;
  for (const std::string& pattern : command.patterns) {
    patterns.emplace_back(command.reference, pattern, store::kDelimiter);
  }
  const store::StatePtr state = session.account->published();
  std::size_t entries = 0;
  for (const ListEntry& entry : service::list_mailboxes(*state, query_of(command, patterns))) {
    {
      auto w = session.writer();
      wi::format_list(w, response_of(session, command, entry));
    }
    // RFC 5819 §2: there is no STATUS for a mailbox that matches only because of names below it.
    const bool matches = !command.select.subscribed || entry.subscribed;
    if (command.returns.status && entry.mailbox != nullptr && matches) {
      const auto ref = service::resolve(session.caller(), entry.name);
      if (!ref) continue;  // It was removed a moment ago.
      auto said = co_await say_status(session, *ref, entry.mailbox, *command.returns.status);
      if (!said) co_return session.refuse(said.error());
    }
    if (entry.mailbox != nullptr && matches) say_metadata(session, entry, command.returns.metadata);
    if (++entries % kGiveWayAfter == 0) co_await session.give_way();
    if (!session.connection.is_full()) continue;
    if (auto flushed = co_await session.connection.flush(); !flushed) co_return session.lost();
  }
  co_return Reply::ok();
}

// RFC 3501 §6.3.9.
CommandTask cmd_lsub(Session& session, wi::LsubCommand& command) {
  if (command.pattern.empty()) {
    wi::ListResponse response;
    response.kind = wi::ListKind::lsub;
    response.attributes = bit(ListAttribute::no_select);
    auto w = session.writer();
    wi::format_list(w, response);
    co_return Reply::ok();
  }
  const wi::ListPattern pattern(command.reference, command.pattern, store::kDelimiter);
  ListQuery query;
  query.matches = [&](std::string_view name) { return pattern.matches(name); };
  query.from = ListQuery::From::subscriptions;
  // "%" does not reach a subscribed name further below; the name at which it stops is sent as
  // \Noselect.
  if (command.pattern.ends_with('%')) query.depth = ListQuery::Depth::below_too;
  const store::StatePtr state = session.account->published();
  std::size_t entries = 0;
  for (const ListEntry& entry : service::list_mailboxes(*state, query)) {
    wi::ListResponse response;
    response.kind = wi::ListKind::lsub;
    response.attributes = attributes_of(session, entry);
    if (!entry.subscribed) {
      response.attributes = bit(ListAttribute::no_select) | bit(ListAttribute::has_children);
    }
    response.mailbox = entry.name;
    {
      auto w = session.writer();
      wi::format_list(w, response);
    }
    if (++entries % kGiveWayAfter == 0) co_await session.give_way();
    if (!session.connection.is_full()) continue;
    if (auto flushed = co_await session.connection.flush(); !flushed) co_return session.lost();
  }
  co_return Reply::ok();
}

}  // namespace posthorn::server::imap
