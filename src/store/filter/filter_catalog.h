#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.h"
#include "base/mutex.h"
#include "base/result.h"
#include "base/shared_value.h"
#include "engine/engine.h"

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

/// The search filters of an account's packed messages, in ascending order; no two overlap.
class FilterCatalog {
 public:
  using Refs = std::vector<FilterRef>;

  FilterCatalog(engine::Engine& engine, const PartitionId& partition)
      : engine_(engine), partition_(partition) {}

  /// Loads the list if it is not loaded, or if `again` is true. Errors: io, corrupt.
  async::Task<Result<std::shared_ptr<const Refs>>> load(bool again = false);
  static const FilterRef* find(const Refs& refs, Ordinal ordinal);
  /// Discards what load() read, because it was changed; the change must be durable.
  void forget();

  /// Records that the filter that begins with `first` cannot be read, so that it is made again.
  void note_damaged(Ordinal first);
  [[nodiscard]] bool is_damaged(Ordinal first) const;
  void clear_damaged(Ordinal first);

 private:
  engine::Engine& engine_;
  const PartitionId partition_;
  mutable Mutex mutex_;
  std::uint64_t changes_ POSTHORN_GUARDED_BY(mutex_) = 0;  ///< How often forget() was called.
  std::set<Ordinal> damaged_ POSTHORN_GUARDED_BY(mutex_);
  SharedValue<Refs> refs_;
};

}  // namespace posthorn::store
