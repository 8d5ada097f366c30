#include "service/search.h"

#include <utility>

#include "search/search.h"
#include "search/sort.h"
#include "store/store.h"

namespace posthorn::service {
namespace {

using async::Task;
using message::SearchKey;

search::SearchEnvironment environment_of(const SearchScope& scope) {
  search::SearchEnvironment environment;
  environment.now = scope.account->store().clock().now();
  environment.recent = scope.recent;
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

/// One command's: what the search and what comes after it cost is counted together.
search::WorkLimit limit_of(const SearchScope& scope) {
  return search::WorkLimit(scope.cancelled, search::WorkLimit::steps_for(*scope.now));
}

Task<Result<std::vector<std::uint32_t>>> search_within(const SearchScope& scope,
                                                       const SearchKey& key,
                                                       search::WorkLimit& limit) {
  const auto program = search::SearchProgram::compile(key, *scope.now, environment_of(scope));
  if (!program) co_return std::unexpected(program.error());
  auto result =
      co_await search::search(scope.account, scope.now, *program, scope.told->last_uid(), limit);
  if (!result) co_return pass(result);
  co_return std::move(result->positions);
}

}  // namespace

Task<Result<std::vector<std::uint32_t>>> search(SearchScope scope, SearchKey key) {
  search::WorkLimit limit = limit_of(scope);
  co_return co_await search_within(scope, key, limit);
}

Task<Result<std::vector<std::uint32_t>>> search_sorted(SearchScope scope, SearchKey key,
                                                       std::vector<message::SortKey> order) {
  search::WorkLimit limit = limit_of(scope);
  auto positions = co_await search_within(scope, key, limit);
  if (!positions) co_return pass(positions);
  co_return co_await search::sort(scope.account, scope.now, std::move(*positions), std::move(order),
                                  limit);
}

Task<Result<search::ThreadForest>> search_threads(SearchScope scope, SearchKey key,
                                                  message::ThreadAlgorithm algorithm) {
  search::WorkLimit limit = limit_of(scope);
  auto positions = co_await search_within(scope, key, limit);
  if (!positions) co_return pass(positions);
  co_return co_await search::thread(scope.account, scope.now, std::move(*positions), algorithm,
                                    limit);
}

}  // namespace posthorn::service
