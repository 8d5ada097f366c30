#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "async/task.h"
#include "base/number_set.h"
#include "base/result.h"
#include "message/digest/search_key.h"
#include "service/membership.h"
#include "service/search.h"
#include "store/value/flags_view.h"

namespace posthorn::service {

/// Messages that are inserted into a result, or removed from it, next to each other.
struct ResultRun {
  /// How many messages are before them in the result; always 0 if it is in the order of the
  /// mailbox.
  std::uint32_t place = 0;
  std::vector<std::uint32_t> uids;  ///< In the order of the result.
};
/// How a result differs from what it was. Carry out the removals, one after the other, and then the
/// insertions.
struct ResultChanges {
  std::vector<ResultRun> removed;
  std::vector<ResultRun> added;
  NumberSet arrived;  ///< Those of `added` that are new in the mailbox.
  [[nodiscard]] bool empty() const { return removed.empty() && added.empty(); }
};

/// Returns the key with everything replaced that would mean other messages later: message numbers
/// and `$` (RFC 5267 §4.3). In a set of UIDs, a range that ends in "*" includes all messages that
/// arrive later, and a "*" alone is the message that is now the last.
message::SearchKey fixed(message::SearchKey key, const SearchScope& scope);

/// The result of a search that is kept up to date (RFC 5267 §4.3): a function of the version of the
/// mailbox and of the messages that the client was told of, as for search(). Only messages that
/// have changed or arrived between two versions are judged. A date that is relative to the current
/// time (RFC 5032) therefore counts when the message changes.
class LiveResult {
 public:
  /// Without `order`, the result is in the order of the mailbox. Requires: a fixed() key.
  LiveResult(message::SearchKey key, std::vector<message::SortKey> order);

  /// Begins with what a search has found: `positions` in `scope.now`, in the order of the result.
  void start(const SearchScope& scope, std::span<const std::uint32_t> positions);
  /// Returns whether advance() has anything to examine.
  [[nodiscard]] bool is_behind(const store::FlagsView& now, const Membership& told) const {
    return modseq_ != now.highest_modseq() || last_ != told.last_uid();
  }
  /// Removes messages that no longer exist, and returns the runs of them.
  std::vector<ResultRun> remove(const NumberSet& gone);
  /// Changes the result to that of the version `scope.now`. Requires: the messages that do not
  /// exist in it were removed; it is not older than the last one. `told` and `recent` are those of
  /// now. Errors: as for search(); the result is then unusable.
  async::Task<Result<ResultChanges>> advance(SearchScope scope);

  [[nodiscard]] bool is_sorted() const { return !order_.empty(); }
  /// Roughly the memory in use.
  [[nodiscard]] std::size_t octets() const;

 private:
  using Ordered = std::vector<std::uint32_t>;
  /// Which of these messages are in the result.
  [[nodiscard]] NumberSet among(const NumberSet& candidates) const;
  async::Task<Status> insert(const SearchScope& scope, const NumberSet& more,
                             std::vector<ResultRun>& runs);

  message::SearchKey key_;
  std::vector<message::SortKey> order_;
  std::size_t key_octets_ = 0;
  NumberSet set_;   ///< The result if it is in the order of the mailbox: UIDs.
  Ordered sorted_;  ///< The result if it is sorted: UIDs.
  ModSeq modseq_;   ///< Of the version judged last.
  Uid last_{0};     ///< The last message that was judged then.
};

}  // namespace posthorn::service
