#pragma once

#include <vector>

#include "engine/engine.h"
#include "store/format/mailbox_storage.h"
#include "store/value/mailbox.h"

namespace posthorn::store {

class PageNumbers;

/// The result of rewriting rows of a mailbox as chunk pages.
struct Repacked {
  MailboxStorage storage;
  std::vector<engine::PageWrite> pages;
  std::vector<PageNumber> dropped;
  NumberSet untailed;  ///< UIDs whose tail rows are now contained in the pages.
  /// UIDs of remaining tail rows that may lack flag changes already applied in the pages.
  NumberSet stale;
};

/// Packs every chunk that contains one of `changed`, and everything after the last chunk if any of
/// `changed` is there. All else stays. If `numbers` has none left, some pages get the number 0.
Repacked repack(const Contents& contents, const KeywordTable& keywords,
                const MailboxStorage& storage, const NumberSet& changed, PageNumbers& numbers);

/// Updates a packing for changes made in the meantime. `packed` was made from `from` with its whole
/// tail and all flag changes; the mailbox has since become `now`, with the same chunks. Rows that
/// have changed stay in the tail, where they take precedence over the pages, and new flag changes
/// stay too.
void bring_up_to_date(Repacked& packed, const Mailbox& from, const Mailbox& now);

}  // namespace posthorn::store
