#pragma once

#include <vector>

#include "engine/engine.h"
#include "store/format/mailbox_storage.h"
#include "store/value/mailbox.h"

namespace posthorn::store {

/// Rows of a mailbox rewritten as chunk pages.
struct Repacked {
  MailboxStorage storage;
  std::vector<engine::PageWrite> pages;
  std::vector<PageNumber> dropped;
  NumberSet untailed;  ///< UIDs whose tail rows are now in the pages.
  /// UIDs of tail rows that stay and may lack what flag changes did that the pages have in them.
  NumberSet stale;
};

/// Packs every chunk that holds one of `changed`, and everything behind the last chunk if any of
/// `changed` is there; the rest stays. Page numbers are taken from `next_page`.
Repacked repack(const Contents& contents, const KeywordTable& keywords,
                const MailboxStorage& storage, const NumberSet& changed, PageNumber& next_page);

/// `packed` was made of `from` with all of its tail and flag changes, and the mailbox has become
/// `now` since, its chunks the same: the rows that changed stay in the tail, where they outrank the
/// pages, and so do the flag changes that came.
void bring_up_to_date(Repacked& packed, const Mailbox& from, const Mailbox& now);

/// The pages were numbered from `old_first` on; now they are from `next_page` on, which is raised.
void renumber(Repacked& packed, PageNumber old_first, PageNumber& next_page);

}  // namespace posthorn::store
