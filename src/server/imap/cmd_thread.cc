#include <utility>
#include <vector>

#include "server/imap/commands.h"
#include "server/imap/search_answer.h"
#include "service/messages.h"

namespace posthorn::server::imap {
namespace {

namespace wi = wire::imap;

/// The forest in pre-order, without recursion: a thread may be as deep as the mailbox is long.
std::vector<wi::ThreadItem> flatten(const index::ThreadForest& forest, const SearchAnswer& answer) {
  struct Step {
    std::uint32_t node;
    std::uint32_t depth;
  };
  std::vector<Step> steps;
  const auto push = [&](const std::vector<std::uint32_t>& nodes, std::uint32_t depth) {
    for (auto it = nodes.rbegin(); it != nodes.rend(); ++it) steps.push_back({*it, depth});
  };
  std::vector<wi::ThreadItem> items;
  push(forest.roots, 0);
  while (!steps.empty()) {
    const Step step = steps.back();
    steps.pop_back();
    const index::ThreadForest::Node& node = forest.nodes[step.node];
    items.push_back({node.position ? answer.number_of(*node.position) : 0, step.depth});
    push(node.children, step.depth + 1);
  }
  return items;
}

}  // namespace

// RFC 5256 §3.
CommandTask cmd_thread(Session& session, wi::ThreadCommand& command) {
  const bool references = command.algorithm == message::ThreadAlgorithm::references;
  if (!session.is_offered(references ? "THREAD=REFERENCES" : "THREAD=ORDEREDSUBJECT")) {
    co_return Reply::bad("there is no such algorithm here");
  }
  auto now = co_await service::newest(session.account, session.selected->id);
  if (!now) co_return session.refuse(now.error());
  SearchAnswer answer(session, *now, command.numbering);
  const auto forest =
      co_await service::search_threads(answer.scope(), std::move(command.key), command.algorithm);
  const std::vector<wi::ThreadItem> items = flatten(forest, answer);
  auto w = session.writer();
  wi::format_thread(w, items);
  co_return Reply::ok();
}

}  // namespace posthorn::server::imap
