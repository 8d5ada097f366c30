#include "server/imap/notify/own_entries.h"

#include <algorithm>

namespace posthorn::server::imap {

void OwnEntries::note(Entry own) {
  std::erase_if(entries_, [&](const Entry& earlier) {
    return earlier.mailbox == own.mailbox && earlier.entry == own.entry;
  });
  if (entries_.size() < kMost) entries_.push_back(std::move(own));
}

bool OwnEntries::has(const Place& mailbox, std::string_view entry,
                     const store::AnnotationValue& value) const {
  return std::ranges::any_of(entries_, [&](const Entry& own) {
    if (own.mailbox != mailbox || own.entry != entry) return false;
    return own.value == value || (own.value && value && *own.value == *value);
  });
}

}  // namespace posthorn::server::imap
