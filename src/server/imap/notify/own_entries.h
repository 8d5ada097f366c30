#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "store/value/annotations.h"

namespace posthorn::server::imap {

/// The annotations of mailboxes of others that a client has set itself since it was last told, and
/// is not told of.
class OwnEntries {
 public:
  /// One that sets more without waiting is told of the rest.
  static constexpr std::size_t kMost = 100;

  using Place = std::pair<AccountId, MailboxId>;
  /// The client has given an annotation of the mailbox this value; null: none.
  struct Entry {
    Place mailbox;
    std::string entry;
    store::AnnotationValue value;
  };
  void note(Entry own);
  /// Returns whether that is the value which the client has set last.
  [[nodiscard]] bool has(const Place& mailbox, std::string_view entry,
                         const store::AnnotationValue& value) const;
  void clear() { entries_.clear(); }

 private:
  std::vector<Entry> entries_;
};

}  // namespace posthorn::server::imap
