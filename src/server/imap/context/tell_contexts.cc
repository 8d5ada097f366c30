#include "server/imap/context/tell_contexts.h"

#include <utility>
#include <vector>

#include "server/imap/fetch/fetch_new.h"
#include "wire/imap/response/format_context.h"

namespace posthorn::server::imap {
namespace {

namespace wi = wire::imap;
using async::Task;
using service::ResultRun;

/// The runs as the client counts: in its numbers, and with places from 1 if the order matters.
std::vector<wi::ContextChange> changes_of(const Session& session, const SearchContext& context,
                                          std::vector<ResultRun> runs) {
  const service::Membership& told = session.selected->told();
  std::vector<wi::ContextChange> changes;
  changes.reserve(runs.size());
  for (ResultRun& run : runs) {
    wi::ContextChange& change = changes.emplace_back();
    change.position = context.result.is_sorted() ? run.place + 1 : 0;
    change.numbers = std::move(run.uids);
    if (context.numbering == wi::Numbering::uid) continue;
    for (std::uint32_t& number : change.numbers) number = told.lower_bound(Uid(number)) + 1;
  }
  return changes;
}

void say(Session& session, const SearchContext& context, const store::Mailbox& now,
         std::vector<ResultRun> removed, std::vector<ResultRun> added) {
  if (removed.empty() && added.empty()) return;
  const auto gone = changes_of(session, context, std::move(removed));
  const auto come = changes_of(session, context, std::move(added));
  wi::ContextUpdate update;
  update.tag = context.tag;
  update.mailbox = context.mailbox;
  update.uid_validity = now.head.uid_validity;
  update.numbering = context.numbering;
  update.removed = gone;
  update.added = come;
  auto w = session.writer();
  wi::format_context_update(w, update);
}

/// Ends those that would need message numbers, which UIDONLY has ended (RFC 9586 §3).
void end_numbered(Session& session) {
  std::erase_if(session.selected->contexts->all(), [&](const SearchContext& context) {
    if (context.numbering == wi::Numbering::uid) return false;
    say_no_update(session, context.tag, "Message numbers are no longer used");
    return true;
  });
}

/// Brings one up to date. Returns false if it has ended.
Task<Result<bool>> tell_one(Session& session, SearchContext& context, store::MailboxPtr now) {
  const Selected& selected = *session.selected;
  auto changes = co_await context.result.advance({.mailbox = selected.mailbox,
                                                  .now = now,
                                                  .told = &selected.told(),
                                                  .recent = &selected.recent,
                                                  .saved = &selected.saved_result,
                                                  .collation = context.collation});
  if (!changes) {
    say_no_update(session, context.tag, session.refuse(changes.error()).text);
    co_return false;
  }
  if (!changes->arrived.empty() && !context.fetch.empty()) {
    wi::FetchCommand command;
    command.items = context.fetch;
    auto sent = co_await fetch_new(session, std::move(command), now, changes->arrived);
    if (!sent) co_return pass(sent);
  }
  say(session, context, *now, std::move(changes->removed), std::move(changes->added));
  if (!selected.contexts->is_too_large()) co_return true;
  say_no_update(session, context.tag, "The result has become too large to be watched");
  co_return false;
}

}  // namespace

void tell_contexts_of_removals(Session& session, const store::Mailbox& now) {
  if (session.enabled.uid_only) end_numbered(session);
  const service::Membership& told = session.selected->told();
  NumberSet gone;
  for (const std::uint32_t position : told.difference(now.contents->members()).gone)
    gone.add(told.uid_at(position).value);
  for (SearchContext& context : session.selected->contexts->all())
    say(session, context, now, context.result.remove(gone), {});
}

Task<Status> tell_contexts(Session& session, store::MailboxPtr now) {
  std::vector<SearchContext>& all = session.selected->contexts->all();
  for (std::size_t i = 0; i < all.size();) {
    const Selected& selected = *session.selected;
    bool stays = true;
    if (all[i].result.is_behind(selected.mailbox.flags(*now), selected.told())) {
      auto told = co_await tell_one(session, all[i], now);
      if (!told) co_return pass(told);
      stays = *told;
    }
    if (stays)
      ++i;
    else
      all.erase(all.begin() + static_cast<std::ptrdiff_t>(i));
    if (session.connection.is_full())
      if (auto flushed = co_await session.connection.flush(); !flushed) co_return pass(flushed);
  }
  co_return Status();
}

}  // namespace posthorn::server::imap
