#pragma once

#include <optional>
#include <vector>

#include "store/filter/filter_catalog.h"
#include "store/read/email_catalog.h"

namespace posthorn::store {

/// The next thing to do about the filters of an account, as a value.
struct FilterStep {
  /// These go, because they are outdated or damaged, or their signatures are merged into one
  /// filter.
  std::vector<FilterRef> replaced;
  bool merge = false;
  std::optional<GroupRef> group;  ///< This one gets a filter.
  [[nodiscard]] bool is_needed() const { return !replaced.empty() || group.has_value(); }
};

/// The number of filters of single groups that are merged into one. A search reads one part for
/// each gram and filter, however many messages the filter has.
inline constexpr std::size_t kMergedFilters = 16;

/// What cannot be used is removed first, then groups without a filter get one, and only when every
/// group has one, neighbours are merged: a filter that is merged leaves no group out.
FilterStep next_filter_step(const EmailCatalog::Groups& groups, const FilterCatalog& catalog,
                            const FilterCatalog::Refs& refs);

}  // namespace posthorn::store
