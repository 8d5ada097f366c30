#pragma once

#include <optional>

#include "engine/engine.h"
#include "store/filter/filter_block.h"
#include "store/filter/filter_catalog.h"

namespace posthorn::store {

class PageNumbers;

/// Adds the pages of a filter to a commit, and returns the edit of its row. Without pages, the edit
/// removes the row. `range` says which messages the filter is for; the rest of it is not used. If
/// `numbers` has none left, pages get the number 0.
engine::Edit write_filter(const FilterRef& range, std::optional<FilterPages> pages,
                          PageNumbers& numbers, engine::Carry& carry);
/// Removes the pages of a filter with the commit.
void drop_filter(const FilterRef& ref, engine::Carry& carry);

}  // namespace posthorn::store
