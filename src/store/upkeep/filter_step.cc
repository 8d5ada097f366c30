#include "store/upkeep/filter_step.h"

#include <span>

#include "store/filter/filter_block.h"

namespace posthorn::store {
namespace {

/// Filters of very long messages are as large as merged ones, and stay as they are.
constexpr std::size_t kMostMergedParts = 2 * kMostParts;
constexpr std::uint64_t kLongestRange = 1 << 16;

bool is_of_one_group(const FilterRef& ref) {
  return ref.last.value - ref.first.value < EmailCatalog::kGroupSize;
}

bool can_merge(std::span<const FilterRef> refs) {
  std::size_t parts = 0;
  for (const FilterRef& ref : refs) {
    if (!is_of_one_group(ref)) return false;
    parts += ref.parts;
  }
  return parts <= kMostMergedParts &&
         refs.back().last.value - refs.front().first.value < kLongestRange;
}

}  // namespace

FilterStep next_filter_step(const EmailCatalog::Groups& groups, const FilterCatalog& catalog,
                            const FilterCatalog::Refs& refs) {
  constexpr std::size_t kRemovedAtOnce = 64;
  FilterStep step;
  for (const FilterRef& ref : refs) {
    if (ref.is_usable() && !catalog.is_damaged(ref.first)) continue;
    step.replaced.push_back(ref);
    if (step.replaced.size() == kRemovedAtOnce) break;
  }
  if (step.is_needed()) return step;
  for (const GroupRef& group : groups) {
    if (FilterCatalog::find(refs, group.first) != nullptr) continue;
    step.group = group;
    return step;
  }
  for (std::size_t i = 0; i + kMergedFilters <= refs.size(); ++i) {
    const auto some = std::span(refs).subspan(i, kMergedFilters);
    if (!can_merge(some)) continue;
    step.replaced.assign(some.begin(), some.end());
    step.merge = true;
    return step;
  }
  return step;
}

}  // namespace posthorn::store
