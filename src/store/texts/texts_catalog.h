#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "engine/engine.h"
#include "store/format/codec.h"
#include "store/format/keys.h"
#include "store/read/range_catalog.h"

namespace posthorn::store {

/// Identifies what made the text of attachments. What anything else made is not used, and is made
/// again.
std::uint32_t texts_maker();

/// Increment when more can be read of documents, or differently: all texts are then made again.
inline constexpr std::uint8_t kTextsVersion = 1;

/// The messages with ordinals from `first` to `last` have been searched for documents, and the text
/// of these is in a page (GroupPage) with those messages that have any.
struct TextsRef {
  static constexpr std::string_view kPrefix = keys::kTexts;
  static TextsRef of_row(const engine::Row& row);

  Ordinal first;
  Ordinal last;
  PageNumber page;  ///< 0: none of the messages has such text.
  std::uint32_t maker = 0;

  [[nodiscard]] bool is_usable() const { return maker == texts_maker(); }
};
std::string encode_texts_ref(const TextsRef& ref);
/// Errors: corrupt, not_supported.
Result<TextsRef> decode_texts_ref(Ordinal first, std::string_view record);

/// What is stored of the text of an account's attachments.
extern template class RangeCatalog<TextsRef>;
using TextsCatalog = RangeCatalog<TextsRef>;

/// Returns the first message of a group whose attachments have not been read yet. None if all have.
std::optional<Ordinal> first_without_texts(const TextsCatalog::Refs& refs, const GroupRef& group);

}  // namespace posthorn::store
