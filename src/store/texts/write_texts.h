#pragma once

#include <optional>
#include <string>

#include "engine/engine.h"
#include "store/texts/texts_catalog.h"

namespace posthorn::store {

class PageNumbers;

/// Adds what a commit needs to store the text of a range: its page, if it has one, and the edit of
/// its row, which is returned. Requires: numbers.prepare() was called.
engine::Edit write_texts(const TextsRef& range, std::optional<std::string> page,
                         PageNumbers& numbers, engine::Carry& carry);
/// Adds the removal of the page. The row is the caller's.
void drop_texts(const TextsRef& ref, engine::Carry& carry);

}  // namespace posthorn::store
