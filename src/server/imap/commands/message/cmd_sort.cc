#include <utility>
#include <vector>

#include "server/imap/client_watch.h"
#include "server/imap/commands.h"
#include "server/imap/search_answer.h"
#include "service/messages.h"

namespace posthorn::server::imap {

namespace wi = wire::imap;

// RFC 5256 §3, RFC 5957, RFC 5267 §3, §4.
CommandTask cmd_sort(Session& session, wi::SortCommand& command) {
  if (reuses_tag(session, command.returns)) co_return Reply::bad("The tag is in use");
  if (command.uses_modseq) session.enable_condstore();
  auto now = co_await service::newest(session.selected->mailbox);
  if (!now) {
    if (command.returns && command.returns->save) session.selected->saved_result = {};
    co_return session.refuse(now.error());
  }
  session.tell_keywords(**now);
  SearchAnswer answer(session, *now, command.numbering);
  const ClientWatch watch(session);
  Progress progress(session, (*now)->contents->count());
  const service::SearchScope scope = answer.scope(progress);
  auto context =
      begin_context(session, command.returns, command.numbering, command.key, command.order, scope);
  const auto found =
      co_await service::search_sorted(scope, std::move(command.key), std::move(command.order));
  co_await progress.finish();
  if (!found) {
    if (command.returns && command.returns->save) session.selected->saved_result = {};
    co_return session.refuse(found.error());
  }
  const std::vector<std::uint32_t>& positions = found->positions;
  answer.warn(found->unreadable, "omitted or sorted as if empty");
  if (command.returns) {
    answer.say_extended(*command.returns, positions, SearchAnswer::Order::as_given,
                        command.uses_modseq);
    if (context) keep_context(session, std::move(*context), scope, positions);
    co_return Reply::ok();
  }
  const auto numbers = answer.numbers_of(positions);
  auto w = session.writer();
  wi::format_sort(w, numbers, command.uses_modseq ? answer.highest_of(positions) : std::nullopt);
  co_return Reply::ok();
}

}  // namespace posthorn::server::imap
