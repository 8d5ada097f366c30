#include "store/filter/write_filter.h"

#include <utility>

#include "store/format/keys.h"
#include "store/nodes/page_numbers.h"

namespace posthorn::store {

engine::Edit write_filter(const FilterRef& range, std::optional<FilterPages> pages,
                          PageNumbers& numbers, engine::Carry& carry) {
  if (!pages) return {keys::filter(range.first), std::nullopt};
  PageNumber next = numbers.take(1 + pages->parts.size());
  const FilterRef ref{range.first, range.last, next,
                      static_cast<std::uint32_t>(pages->parts.size()),
                      filter_maker() | (range.maker & kWithAttachments)};
  const auto add = [&](std::string& page) {
    carry.pages.push_back({next, std::move(page)});
    ++next;
  };
  add(pages->directory);
  for (std::string& part : pages->parts) add(part);
  return {keys::filter(ref.first), encode_filter_ref(ref)};
}

void drop_filter(const FilterRef& ref, engine::Carry& carry) {
  if (ref.page.value == 0) return;  // Its row could not be read.
  const auto pages = ref.pages();
  carry.dropped_pages.insert(carry.dropped_pages.end(), pages.begin(), pages.end());
}

}  // namespace posthorn::store
