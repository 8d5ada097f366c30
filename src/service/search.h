#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "async/task.h"
#include "base/number_set.h"
#include "base/result.h"
#include "message/digest/search_key.h"
#include "search/thread.h"
#include "service/mailbox_ref.h"
#include "service/membership.h"
#include "store/account.h"
#include "text/collation.h"

namespace posthorn::service {

/// The context of a search in one session.
struct SearchScope {
  MailboxRef mailbox;
  store::MailboxPtr now;              ///< The version whose flags are judged, with its contents.
  const Membership* told = nullptr;   ///< The membership to which message numbers refer.
  const NumberSet* recent = nullptr;  ///< UIDs with \Recent (RFC 3501 §2.3.2).
  const NumberSet* saved = nullptr;   ///< The UIDs that `$` stands for (RFC 5182).
  text::Collation collation = text::kDefaultCollation;  ///< How texts are compared (RFC 5255).
  /// The search ends soon after this has become true; null if it cannot be cancelled. Must outlive
  /// the search.
  const std::atomic<bool>* cancelled = nullptr;
  /// Counts the messages that have been examined; null if nobody wants to know. Must outlive the
  /// search.
  std::atomic<std::uint32_t>* examined = nullptr;
};

/// The matches, and the messages that could not be read. A search leaves those out, since they may
/// match or not; sort and thread treat them as having no header. They have already been logged.
struct SearchOutcome {
  std::vector<std::uint32_t> positions;
  store::Unreadable unreadable;
};

/// Returns the positions in `scope.now`, ascending, of the matching messages that the client was
/// told of and that still exist (RFC 9051 §6.4.4). Errors of all three functions: limit, if it
/// needs more work than one command is allowed (search::WorkLimit); unavailable, if it was
/// cancelled.
async::Task<Result<SearchOutcome>> search(SearchScope scope, message::SearchKey key);

/// The same, sorted by `order` (RFC 5256 §3).
async::Task<Result<SearchOutcome>> search_sorted(SearchScope scope, message::SearchKey key,
                                                 std::vector<message::SortKey> order);

/// Inserts messages into a sorted result, both given as UIDs of messages that exist (see
/// search::sort_into()). Messages that cannot be read are treated as having no header.
async::Task<Result<std::vector<std::uint32_t>>> sort_into(SearchScope scope,
                                                          std::vector<std::uint32_t> sorted,
                                                          NumberSet more,
                                                          std::vector<message::SortKey> order);

struct ThreadOutcome {
  search::ThreadForest forest;
  store::Unreadable unreadable;
};
/// The same, as threads of positions.
async::Task<Result<ThreadOutcome>> search_threads(SearchScope scope, message::SearchKey key,
                                                  message::ThreadAlgorithm algorithm);

}  // namespace posthorn::service
