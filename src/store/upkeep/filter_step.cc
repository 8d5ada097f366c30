#include "store/upkeep/filter_step.h"

#include <algorithm>
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

/// Returns whether the attachments of all groups of a filter have been read.
bool are_read(const FilterRef& ref, const EmailCatalog::Groups& groups,
              const TextsCatalog::Refs& texts) {
  auto group = std::ranges::lower_bound(groups, ref.first, {}, &GroupRef::first);
  for (; group != groups.end() && group->first <= ref.last; ++group)
    if (first_without_texts(texts, *group)) return false;
  return true;
}

}  // namespace

FilterStep next_filter_step(const EmailCatalog::Groups& groups, const FilterCatalog& catalog,
                            const FilterCatalog::Refs& refs,
                            const std::optional<KnownTexts>& texts) {
  constexpr std::size_t kRemovedAtOnce = 64;
  FilterStep step;
  const bool wanted = texts && texts->wanted;
  if (texts) {
    for (const TextsRef& ref : texts->refs) {
      if (ref.is_usable() && !texts->catalog.is_damaged(ref.first)) continue;
      step.replaced_texts.push_back(ref);
      if (step.replaced_texts.size() == kRemovedAtOnce) break;
    }
    if (step.is_needed()) return step;
  }
  for (const FilterRef& ref : refs) {
    const bool fits = !wanted || ref.has_attachments() == are_read(ref, groups, texts->refs);
    if (fits && ref.is_usable() && !catalog.is_damaged(ref.first)) continue;
    step.replaced.push_back(ref);
    if (step.replaced.size() == kRemovedAtOnce) break;
  }
  if (step.is_needed()) return step;
  for (const GroupRef& group : groups) {
    if (FilterCatalog::find(refs, group.first) != nullptr) continue;
    const auto missing =
        wanted ? first_without_texts(texts->refs, group) : std::optional<Ordinal>();
    if (missing) {
      step.extract = {group, *missing};
    } else {
      step.group = group;
      step.with_attachments = wanted;
    }
    return step;
  }
  for (const GroupRef& group : groups) {
    if (!wanted) break;
    if (const auto missing = first_without_texts(texts->refs, group)) {
      step.extract = {group, *missing};
      return step;
    }
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
