#pragma once

#include <memory>

#include "async/offload.h"
#include "extract/text_extractor.h"

namespace posthorn::store {

class Store;

/// What the search of attachments needs, where it is on.
struct AttachmentSearch {
  /// How many documents are read at a time, for all accounts together.
  static constexpr std::size_t kThreads = 2;

  explicit AttachmentSearch(std::shared_ptr<extract::TextExtractor> from);

  const std::shared_ptr<extract::TextExtractor> extractor;
  /// Threads of low priority that wait for the extractor.
  mutable async::OffloadPool pool;
};

/// From now on BODY and TEXT also find the text of attachments, as far as it has been extracted: in
/// the background, when messages are packed into groups. Call it once, right after the store was
/// opened. Without it no text is extracted, and what a store already has of it is not searched.
void search_attachments(Store& store, std::shared_ptr<extract::TextExtractor> extractor);
bool are_attachments_searched(Store& store);

}  // namespace posthorn::store
