#include "service/search.h"

#include <utility>

#include "index/search.h"
#include "index/sort.h"
#include "store/store.h"

namespace posthorn::service {
namespace {

using async::Task;
using message::SearchKey;

SequenceSet to_sequence_set(const NumberSet& numbers) {
  SequenceSet set;
  for (const auto& range : numbers.ranges()) set.ranges.push_back({range.first, range.last});
  return set;
}

/// RECENT is this session's own set of UIDs. Depth is bounded by the key's parser.
void spell_recent(SearchKey& key, const NumberSet& recent) {
  if (key.kind == SearchKey::Kind::recent) {
    key.kind = SearchKey::Kind::uid;
    key.set = to_sequence_set(recent);
  }
  for (SearchKey& child : key.children) spell_recent(child, recent);
}

index::SearchEnvironment environment_of(const SearchScope& scope) {
  index::SearchEnvironment environment;
  environment.now = scope.account->store().clock().now();
  environment.email_of = [&scope](std::string_view id) -> std::optional<Ordinal> {
    if (scope.email_of == nullptr) return std::nullopt;
    return scope.email_of(scope.account->id(), id);
  };
  environment.resolve = [&scope](const SequenceSet& set, bool uids) {
    if (set.saved_result) return *scope.saved;
    if (uids) return set.resolve(scope.told->last_uid().value);
    return scope.told->uids_of(set.resolve(scope.told->count()));
  };
  return environment;
}

}  // namespace

Task<std::vector<std::uint32_t>> search(SearchScope scope, SearchKey key) {
  spell_recent(key, *scope.recent);
  const auto program = index::SearchProgram::compile(key, *scope.now, environment_of(scope));
  auto result = co_await index::search(scope.account, scope.now, program, scope.told->last_uid());
  co_return std::move(result.positions);
}

Task<std::vector<std::uint32_t>> search_sorted(SearchScope scope, SearchKey key,
                                               std::vector<message::SortKey> order) {
  auto positions = co_await search(scope, std::move(key));
  co_return co_await index::sort(scope.account, scope.now, std::move(positions), std::move(order));
}

Task<index::ThreadForest> search_threads(SearchScope scope, SearchKey key,
                                         message::ThreadAlgorithm algorithm) {
  auto positions = co_await search(scope, std::move(key));
  co_return co_await index::thread(scope.account, scope.now, std::move(positions), algorithm);
}

}  // namespace posthorn::service
