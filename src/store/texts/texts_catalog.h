#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.h"
#include "base/mutex.h"
#include "base/result.h"
#include "base/shared_value.h"
#include "engine/engine.h"
#include "store/format/codec.h"

namespace posthorn::store {

/// Identifies what made the text of attachments. What anything else made is not used, and is made
/// again.
std::uint32_t texts_maker();

/// Increment when more can be read of documents, or differently: all texts are then made again.
inline constexpr std::uint8_t kTextsVersion = 1;

/// The messages with ordinals from `first` to `last` have been searched for documents, and the text
/// of these is in a page (GroupPage) with those messages that have any.
struct TextsRef {
  Ordinal first;
  Ordinal last;
  PageNumber page;  ///< 0: none of the messages has such text.
  std::uint32_t maker = 0;

  [[nodiscard]] bool is_usable() const { return maker == texts_maker(); }
};
std::string encode_texts_ref(const TextsRef& ref);
/// Errors: corrupt, not_supported.
Result<TextsRef> decode_texts_ref(Ordinal first, std::string_view record);

/// What is stored of the text of an account's attachments, in ascending order; no two overlap.
class TextsCatalog {
 public:
  using Refs = std::vector<TextsRef>;

  TextsCatalog(engine::Engine& engine, const PartitionId& partition)
      : engine_(engine), partition_(partition) {}

  /// Loads the list if it is not loaded, or if `again` is true. Errors: io, corrupt.
  async::Task<Result<std::shared_ptr<const Refs>>> load(bool again = false);
  static const TextsRef* find(const Refs& refs, Ordinal ordinal);
  /// Returns the first message of a group whose attachments have not been read yet. None if all
  /// have.
  static std::optional<Ordinal> first_missing(const Refs& refs, const GroupRef& group);
  /// Discards what load() read, because it was changed; the change must be durable.
  void forget();

  /// Records that the page of the range that begins with `first` cannot be read, so that it is made
  /// again.
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
