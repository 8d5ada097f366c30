#include "store/texts/write_texts.h"

#include <utility>

#include "store/format/keys.h"
#include "store/nodes/page_numbers.h"

namespace posthorn::store {

engine::Edit write_texts(const TextsRef& range, std::optional<std::string> page,
                         PageNumbers& numbers, engine::Carry& carry) {
  TextsRef ref{range.first, range.last, PageNumber(0), texts_maker()};
  if (page) {
    ref.page = numbers.take();
    carry.pages.push_back({ref.page, std::move(*page)});
  }
  return {keys::texts(ref.first), encode_texts_ref(ref)};
}

void drop_texts(const TextsRef& ref, engine::Carry& carry) {
  if (ref.page.value != 0) carry.dropped_pages.push_back(ref.page);
}

}  // namespace posthorn::store
