#include "service/search.h"

#include <utility>

#include "search/search.h"
#include "search/sort.h"
#include "search/sort_into.h"
#include "store/store.h"
#include "store/upkeep/damage_log.h"

namespace posthorn::service {
namespace {

using async::Task;
using message::SearchKey;

search::SearchEnvironment environment_of(const SearchScope& scope) {
  search::SearchEnvironment environment;
  environment.now = scope.mailbox.account->store().clock().now();
  environment.recent = scope.recent;
  environment.collation = scope.collation;
  environment.ids = &scope.mailbox.account->object_ids();
  environment.resolve = [&scope](const SequenceSet& set, bool uids) {
    if (set.saved_result) return *scope.saved;
    if (uids) return set.resolve(scope.told->last_uid().value);
    return scope.told->uids_of(set.resolve(scope.told->count()));
  };
  return environment;
}

/// The limit for one command: the search and the work after it are counted together.
search::WorkLimit limit_of(const SearchScope& scope) {
  return search::WorkLimit(scope.cancelled, search::WorkLimit::steps_for(*scope.now));
}

/// Removes expunged messages, which may have lost their content, from the failures, and logs the
/// others.
void judge(const SearchScope& scope, store::Unreadable& unreadable) {
  if (unreadable.empty()) return;
  const store::MailboxPtr now = scope.mailbox.published();
  store::Unreadable failed;
  for (const NumberSet::Range& range : unreadable.uids.ranges()) {
    for (std::uint32_t uid = range.first; uid <= range.last; ++uid) {
      const Error error = store::judge_unreadable(now.get(), Uid(uid), *unreadable.why);
      if (error.kind != ErrorKind::not_found) failed.add(Uid(uid), error);
    }
  }
  unreadable = std::move(failed);
  if (now && unreadable.why && store::is_damage(unreadable.why->kind))
    scope.mailbox.account->store().note_unreadable(scope.mailbox.account->id(), *now, unreadable);
}

Task<Result<SearchOutcome>> search_within(const SearchScope& scope, const SearchKey& key,
                                          search::WorkLimit& limit) {
  const auto program = search::SearchProgram::compile(key, *scope.now, environment_of(scope));
  if (!program) co_return std::unexpected(program.error());
  auto result =
      co_await search::search(scope.mailbox.account, scope.now, scope.mailbox.flags(*scope.now),
                              *program, scope.told->last_uid(), limit);
  if (!result) co_return pass(result);
  co_return SearchOutcome{std::move(result->positions), std::move(result->unreadable)};
}

}  // namespace

Task<Result<SearchOutcome>> search(SearchScope scope, SearchKey key) {
  search::WorkLimit limit = limit_of(scope);
  limit.count_in(scope.examined);
  auto found = co_await search_within(scope, key, limit);
  if (found) judge(scope, found->unreadable);
  co_return found;
}

Task<Result<SearchOutcome>> search_sorted(SearchScope scope, SearchKey key,
                                          std::vector<message::SortKey> order) {
  search::WorkLimit limit = limit_of(scope);
  limit.count_in(scope.examined);
  auto found = co_await search_within(scope, key, limit);
  if (!found) co_return pass(found);
  auto sorted =
      co_await search::sort(scope.mailbox.account, scope.now, std::move(found->positions),
                            {std::move(order), scope.collation}, limit, &found->unreadable);
  if (!sorted) co_return pass(sorted);
  judge(scope, found->unreadable);
  co_return SearchOutcome{std::move(*sorted), std::move(found->unreadable)};
}

Task<Result<std::vector<std::uint32_t>>> sort_into(SearchScope scope,
                                                   std::vector<std::uint32_t> sorted,
                                                   NumberSet more,
                                                   std::vector<message::SortKey> order) {
  search::WorkLimit limit = limit_of(scope);
  co_return co_await search::sort_into(scope.mailbox.account, scope.now, sorted, more,
                                       {std::move(order), scope.collation}, limit);
}

Task<Result<ThreadOutcome>> search_threads(SearchScope scope, SearchKey key,
                                           message::ThreadAlgorithm algorithm) {
  search::WorkLimit limit = limit_of(scope);
  limit.count_in(scope.examined);
  auto found = co_await search_within(scope, key, limit);
  if (!found) co_return pass(found);
  auto forest =
      co_await search::thread(scope.mailbox.account, scope.now, std::move(found->positions),
                              algorithm, limit, &found->unreadable, scope.collation);
  if (!forest) co_return pass(forest);
  judge(scope, found->unreadable);
  co_return ThreadOutcome{std::move(*forest), std::move(found->unreadable)};
}

}  // namespace posthorn::service
