#include <utility>
#include <vector>

#include "server/imap/client_watch.h"
#include "server/imap/commands.h"
#include "server/imap/search_answer.h"
#include "service/messages.h"

namespace posthorn::server::imap {
namespace wi = wire::imap;

// RFC 5256 §3.
CommandTask cmd_thread(Session& session, wi::ThreadCommand& command) {
  auto now = co_await service::newest(session.selected->mailbox);
  if (!now) co_return session.refuse(now.error());
  session.tell_keywords(**now);
  SearchAnswer answer(session, *now, command.numbering);
  const ClientWatch watch(session);
  Progress progress(session, (*now)->contents->count());
  const auto found = co_await service::search_threads(answer.scope(progress),
                                                      std::move(command.key), command.algorithm);
  co_await progress.finish();
  if (!found) co_return session.refuse(found.error());
  answer.warn(found->unreadable, "omitted or shown as threads of their own");
  std::vector<wi::ThreadItem> items;
  items.reserve(found->forest.size());
  for (const search::ThreadNode& node : found->forest)
    items.push_back({node.position ? answer.number_of(*node.position) : 0, node.depth});
  auto w = session.writer();
  wi::format_thread(w, items);
  co_return Reply::ok();
}

}  // namespace posthorn::server::imap
