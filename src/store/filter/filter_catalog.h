#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/engine.h"
#include "store/format/keys.h"
#include "store/read/range_catalog.h"

namespace posthorn::store {

/// Identifies what decides about the texts that SEARCH sees and about their grams: this program's
/// code and the libraries with the character sets and the folding. A filter that was made by
/// anything else is not used, and is made again.
std::uint32_t filter_maker();

/// Increment whenever the texts that SEARCH examines change for some message (read/searched_text.h,
/// and what it uses of text/ and message/), or their grams or the layout of a filter.
inline constexpr std::uint8_t kFilterVersion = 1;

/// This bit of FilterRef::maker tells that the filter knows the text of attachments, too.
inline constexpr std::uint32_t kWithAttachments = std::uint32_t{1} << 31;

/// The filter of the messages with ordinals from `first` to `last`: a row that names its pages. The
/// first page is the directory; the parts follow.
struct FilterRef {
  static constexpr std::string_view kPrefix = keys::kFilters;
  static FilterRef of_row(const engine::Row& row);

  Ordinal first;
  Ordinal last;
  PageNumber page;
  std::uint32_t parts = 0;
  std::uint32_t maker = 0;

  [[nodiscard]] bool is_usable() const { return (maker & ~kWithAttachments) == filter_maker(); }
  /// A filter without them is used all the same: then it is the messages' other text that decides
  /// whether they are read.
  [[nodiscard]] bool has_attachments() const { return (maker & kWithAttachments) != 0; }
  [[nodiscard]] std::vector<PageNumber> pages() const;
};
std::string encode_filter_ref(const FilterRef& ref);
/// Errors: corrupt, not_supported.
Result<FilterRef> decode_filter_ref(Ordinal first, std::string_view record);

/// The search filters of an account's packed messages.
extern template class RangeCatalog<FilterRef>;
using FilterCatalog = RangeCatalog<FilterRef>;

}  // namespace posthorn::store
