#include "server/imap/context/search_contexts.h"

#include <algorithm>
#include <utility>

#include "server/imap/session.h"

namespace posthorn::server::imap {

namespace wi = wire::imap;

bool SearchContexts::has(std::string_view tag) const {
  return std::ranges::find(all_, tag, &SearchContext::tag) != all_.end();
}

std::size_t SearchContexts::octets() const {
  std::size_t octets = 0;
  for (const SearchContext& context : all_)
    octets += sizeof context + context.tag.size() + context.mailbox.size() +
              context.fetch.size() * sizeof(wi::FetchItem) + context.result.octets();
  return octets;
}

bool SearchContexts::add(SearchContext context) {
  if (all_.size() == kMost) return false;
  all_.push_back(std::move(context));
  if (!is_too_large()) return true;
  all_.pop_back();
  return false;
}

void SearchContexts::remove(std::string_view tag) {
  std::erase_if(all_, [&](const SearchContext& context) { return context.tag == tag; });
}

bool SearchContexts::is_behind(const store::FlagsView& now, const service::Membership& told) const {
  return std::ranges::any_of(
      all_, [&](const SearchContext& context) { return context.result.is_behind(now, told); });
}

bool reuses_tag(const Session& session, const std::optional<wi::SearchReturn>& returns) {
  return returns && returns->update && session.selected && session.selected->contexts &&
         session.selected->contexts->has(session.tag);
}

std::optional<SearchContext> begin_context(const Session& session,
                                           const std::optional<wi::SearchReturn>& returns,
                                           wi::Numbering numbering, const message::SearchKey& key,
                                           std::vector<message::SortKey> order,
                                           const service::SearchScope& scope) {
  if (!returns || !returns->update) return std::nullopt;
  return SearchContext{.tag = session.tag,
                       .numbering = numbering,
                       .mailbox = {},
                       .fetch = returns->update_fetch,
                       .collation = scope.collation,
                       .result = service::LiveResult(fixed(key, scope), std::move(order))};
}

void keep_context(Session& session, SearchContext context, const service::SearchScope& scope,
                  std::span<const std::uint32_t> positions) {
  context.result.start(scope, positions);
  std::unique_ptr<SearchContexts>& contexts = session.selected->contexts;
  if (!contexts) contexts = std::make_unique<SearchContexts>();
  if (contexts->add(std::move(context))) return;
  say_no_update(session, session.tag,
                "The changes of this result will not be told: there are too many results to watch, "
                "or they are too large");
}

void say_no_update(Session& session, std::string_view tag, std::string_view why) {
  session.say(wi::Condition::no, wi::code::NoUpdate{tag}, why);
}

}  // namespace posthorn::server::imap
