#include "store/upkeep/filter_status.h"

#include <algorithm>

#include "store/read/email_catalog.h"
#include "store/texts/texts_catalog.h"
#include "store/upkeep/attachments.h"
#include "store/upkeep/filter_step.h"
#include "store/upkeep/maintenance.h"

namespace posthorn::store {

async::Task<Result<FilterStatus>> filter_status(AccountPtr account) {
  const FilterCatalog& catalog = account->emails().filters();
  auto groups = co_await account->emails().load();
  if (!groups) co_return pass(groups);
  auto refs = co_await account->emails().filters().load();
  if (!refs) co_return pass(refs);
  TextsCatalog& texts = account->emails().texts();
  auto known = co_await texts.load();
  if (!known) co_return pass(known);
  const auto can_be_used = [&](const FilterRef& ref) {
    return ref.is_usable() && !catalog.is_damaged(ref.first);
  };
  FilterStatus status;
  status.groups = (*groups)->size();
  status.filters = (*refs)->size();
  status.unusable =
      (*refs)->size() - static_cast<std::size_t>(std::ranges::count_if(**refs, can_be_used));
  for (const GroupRef& group : **groups) {
    const FilterRef* const ref = FilterCatalog::find(**refs, group.first);
    if (ref != nullptr && can_be_used(*ref)) ++status.covered;
    if (!first_without_texts(**known, group)) ++status.extracted;
  }
  status.attachments = are_attachments_searched(account->store());
  const KnownTexts known_texts{texts, **known, status.attachments};
  status.complete = !next_filter_step(**groups, catalog, **refs, known_texts).is_needed();
  co_return status;
}

async::Task<Result<std::size_t>> rebuild_filters(AccountPtr account) {
  FilterCatalog& catalog = account->emails().filters();
  auto refs = co_await catalog.load(true);
  if (!refs) co_return pass(refs);
  TextsCatalog& texts = account->emails().texts();
  auto known = co_await texts.load(true);
  if (!known) co_return pass(known);
  for (const TextsRef& ref : **known) texts.note_damaged(ref.first);
  // They go the way of damaged ones: removed first, then made anew.
  for (const FilterRef& ref : **refs) catalog.note_damaged(ref.first);
  Maintenance::request(account);
  co_return (*refs)->size();
}

}  // namespace posthorn::store
