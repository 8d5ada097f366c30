#include <algorithm>
#include <array>

#include "server/frame/session_log.h"
#include "server/imap/commands.h"
#include "server/imap/list_line.h"
#include "server/imap/metadata_answer.h"
#include "server/imap/session.h"
#include "server/imap/status.h"
#include "service/list.h"
#include "service/sharing/acl.h"
#include "service/sharing/shared_name.h"
#include "wire/imap/list_match.h"
#include "wire/imap/response/format_acl.h"
#include "wire/imap/response/format_list.h"

namespace posthorn::server::imap {
namespace {

namespace wi = wire::imap;
using async::Task;
using service::ListEntry;
using service::ListQuery;
using wi::ListAttribute;

/// Number of mailboxes after which others may run.
constexpr std::size_t kGiveWayAfter = 64;
/// Where the mailboxes of others are.
constexpr std::array kSpaces = {service::kOtherUsers, service::kSharedFolders};

/// RFC 9051 §6.3.9: an empty pattern requests the delimiter.
void say_delimiter(Session& session) {
  wi::ListResponse response;
  response.attributes = bit(ListAttribute::no_select);
  auto w = session.writer();
  wi::format_list(w, response);
}

ListQuery query_of(const Session& session, const wi::ListCommand& command,
                   const std::vector<wi::ListPattern>& patterns) {
  ListQuery query;
  query.removed = service::removed_mailbox(session.caller());
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
  response.attributes = list_attributes(session, entry);
  if (entry.subscribed && (command.returns.subscribed || command.select.subscribed)) {
    response.attributes |= bit(ListAttribute::subscribed);
  }
  response.mailbox = entry.name;
  response.child_subscribed =
      command.select.recursive_match && command.select.subscribed && entry.subscribed_below;
  return response;
}

/// Returns whether a pattern can match names of mailboxes that others share.
bool reaches_others(std::string_view reference, std::string_view pattern) {
  std::string fixed(reference);
  fixed += pattern;
  fixed.resize(std::min(fixed.size(), fixed.find_first_of("*%")));
  return std::ranges::any_of(kSpaces, [&](std::string_view space) {
    return fixed.starts_with(space) || space.starts_with(fixed);
  });
}

bool any_of_others(const store::AccountState::Subscriptions& subscriptions) {
  return std::ranges::any_of(kSpaces, [&](std::string_view space) {
    const auto it = subscriptions.lower_bound(space);
    return it != subscriptions.end() && it->starts_with(space);
  });
}

/// What others share, if the answer can depend on it.
Task<service::SharedMailboxes> shared_for(const Session& session, const ListQuery& query,
                                          bool reaches) {
  const bool matters = reaches && (query.from == ListQuery::From::mailboxes ||
                                   any_of_others(*session.account->published()->subscriptions));
  if (!matters) co_return service::SharedMailboxes();
  auto shared = co_await service::shared_mailboxes(session.caller());
  if (shared) co_return std::move(*shared);
  frame::about("what others share cannot be listed", "imap", session.connection.stream())
      .said("user", session.name)
      .failure(shared.error())
      .write(log::Level::error, session.name);
  service::SharedMailboxes nothing;
  for (const std::string_view space : kSpaces)
    nothing.unknown_below.push_back(std::string(space) + store::kDelimiter);
  co_return nothing;
}

/// The mailbox of an entry. Errors: not_found, if it was removed a moment ago.
Result<service::MailboxRef> ref_of(const Session& session, const ListEntry& entry) {
  if (entry.shared != nullptr) return entry.shared->mailbox;
  return service::resolve(session.caller(), entry.name);
}

/// RFC 8440.
void say_my_rights(Session& session, const ListEntry& entry, const service::MailboxRef& mailbox) {
  auto w = session.writer();
  wi::format_myrights(w, entry.name, service::letters_of(mailbox.rights));
}

/// RFC 9590. What may not be read is left out.
void say_metadata(Session& session, const ListEntry& entry, const service::MailboxRef& mailbox,
                  const std::vector<std::string>& entries) {
  if (entries.empty() || !service::may_read_metadata(mailbox)) return;
  MetadataAnswer answer(session, mailbox);
  for (const std::string& name : entries) answer.add(name);
  answer.say(session, entry.name);
}

bool wants_more(const wi::ListReturn& returns) {
  return returns.status || returns.my_rights || !returns.metadata.empty();
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
  const ListQuery query = query_of(session, command, patterns);
  const bool reaches = std::ranges::any_of(command.patterns, [&](const std::string& pattern) {
    return reaches_others(command.reference, pattern);
  });
  if (Status current = co_await session.account->be_current(); !current)
    co_return session.refuse(current.error());
  const service::SharedMailboxes shared = co_await shared_for(session, query, reaches);
  const store::StatePtr state = session.account->published();
  std::size_t entries = 0;
  for (const ListEntry& entry : service::list_mailboxes(*state, shared, query)) {
    {
      auto w = session.writer();
      wi::format_list(w, response_of(session, command, entry));
    }
    // RFC 5819 §2: there is no STATUS for a mailbox that matches only because of names below it.
    const bool matches = !command.select.subscribed || entry.subscribed;
    if (wants_more(command.returns) && entry.mailbox != nullptr && matches) {
      const auto ref = ref_of(session, entry);
      if (!ref) continue;
      if (command.returns.my_rights) say_my_rights(session, entry, *ref);
      // RFC 5819 §2: nor for one that may not be read.
      if (command.returns.status && ref->rights.has(service::Right::read)) {
        auto said =
            co_await say_status(session, *ref, entry.mailbox, entry.name, *command.returns.status);
        if (!said) co_return session.refuse(said.error());
      }
      say_metadata(session, entry, *ref, command.returns.metadata);
    }
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
  query.removed = service::removed_mailbox(session.caller());
  // "%" does not reach a subscribed name further below; the name at which it stops is sent as
  // \Noselect.
  if (command.pattern.ends_with('%')) query.depth = ListQuery::Depth::below_too;
  if (Status current = co_await session.account->be_current(); !current)
    co_return session.refuse(current.error());
  const service::SharedMailboxes shared =
      co_await shared_for(session, query, reaches_others(command.reference, command.pattern));
  const store::StatePtr state = session.account->published();
  std::size_t entries = 0;
  for (const ListEntry& entry : service::list_mailboxes(*state, shared, query)) {
    wi::ListResponse response;
    response.kind = wi::ListKind::lsub;
    response.attributes = list_attributes(session, entry);
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
