#pragma once

#include <optional>

#include "engine/engine.h"
#include "store/filter/filter_block.h"
#include "store/filter/filter_catalog.h"
#include "store/value/account_state.h"

namespace posthorn::store {

/// Adds the pages of a filter to a commit, with numbers from the counters of `state`, and returns
/// the edit of its row. Without pages, the edit removes the row. `range` says which messages the
/// filter is for; the rest of it is not used.
engine::Edit write_filter(const FilterRef& range, std::optional<FilterPages> pages,
                          AccountState& state, engine::Carry& carry);
/// Removes the pages of a filter with the commit.
void drop_filter(const FilterRef& ref, engine::Carry& carry);

}  // namespace posthorn::store
