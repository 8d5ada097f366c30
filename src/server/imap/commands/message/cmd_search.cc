#include <utility>
#include <vector>

#include "server/imap/client_watch.h"
#include "server/imap/commands.h"
#include "server/imap/search_answer.h"
#include "service/messages.h"

namespace posthorn::server::imap {

namespace wi = wire::imap;

// RFC 9051 §6.4.4, RFC 4731, RFC 5182, RFC 5267 §4, RFC 7162 §3.1.5.
CommandTask cmd_search(Session& session, wi::SearchCommand& command) {
  const bool saves = command.returns && command.returns->save;
  if (reuses_tag(session, command.returns)) co_return Reply::bad("The tag is in use");
  if (command.uses_modseq) session.enable_condstore();
  auto now = co_await service::newest(session.selected->mailbox);
  if (!now) {
    if (saves) session.selected->saved_result = {};  // RFC 5182 §2.1
    co_return session.refuse(now.error());
  }
  session.tell_keywords(**now);
  SearchAnswer answer(session, *now, command.numbering);
  const ClientWatch watch(session);
  Progress progress(session, (*now)->contents->count());
  const service::SearchScope scope = answer.scope(progress);
  auto context = begin_context(session, command.returns, command.numbering, command.key, {}, scope);
  const auto found = co_await service::search(scope, std::move(command.key));
  co_await progress.finish();
  if (!found) {
    if (saves) session.selected->saved_result = {};  // RFC 5182 §2.1
    co_return session.refuse(found.error());
  }
  const std::vector<std::uint32_t>& positions = found->positions;
  answer.warn(found->unreadable, "omitted from the result");
  if (command.returns || session.enabled.rev2) {
    // RFC 9051 §6.4.4: in rev2, SEARCH is answered by ESEARCH, with ALL if no result option was
    // given.
    wi::SearchReturn returns = command.returns.value_or(wi::SearchReturn{});
    if (!command.returns) returns.all = true;
    answer.say_extended(returns, positions, SearchAnswer::Order::by_number, command.uses_modseq);
    if (context) keep_context(session, std::move(*context), scope, positions);
    co_return Reply::ok();
  }
  const auto numbers = answer.numbers_of(positions);
  auto w = session.writer();
  wi::format_search(w, numbers, command.uses_modseq ? answer.highest_of(positions) : std::nullopt);
  co_return Reply::ok();
}

}  // namespace posthorn::server::imap
