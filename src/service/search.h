#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "async/task.h"
#include "base/number_set.h"
#include "base/result.h"
#include "message/digest/search_key.h"
#include "search/thread.h"
#include "service/membership.h"
#include "store/account.h"

namespace posthorn::service {

/// What a search means in one session.
struct SearchScope {
  store::AccountPtr account;
  store::MailboxPtr now;              ///< With contents: whose flags are judged.
  const Membership* told = nullptr;   ///< What message numbers count.
  const NumberSet* recent = nullptr;  ///< UIDs with \Recent (RFC 3501 §2.3.2).
  const NumberSet* saved = nullptr;   ///< UIDs `$` stands for (RFC 5182).
  /// What an EMAILID stands for in an account; the protocol spells them (RFC 8474 §5.1).
  std::optional<Ordinal> (*email_of)(const AccountId&, std::string_view) = nullptr;
  /// Ends the search soon after it has become true; null: never. Must outlive it.
  const std::atomic<bool>* cancelled = nullptr;
};

/// What was found, and which messages could not be read: searching leaves them out, as they may
/// match or not; sorting and threading take them as if they had no header. The log has been told of
/// them.
struct SearchOutcome {
  std::vector<std::uint32_t> positions;
  store::Unreadable unreadable;
};

/// Positions in `scope.now` of the messages told and still there that match, ascending (RFC 9051
/// §6.4.4). Errors, of all three: limit, when it is more work than one command may be
/// (search::WorkLimit); unavailable, when it was cancelled.
async::Task<Result<SearchOutcome>> search(SearchScope scope, message::SearchKey key);

/// The same in the order of `order` (RFC 5256 §3).
async::Task<Result<SearchOutcome>> search_sorted(SearchScope scope, message::SearchKey key,
                                                 std::vector<message::SortKey> order);

struct ThreadOutcome {
  search::ThreadForest forest;
  store::Unreadable unreadable;
};
/// The same as threads of positions.
async::Task<Result<ThreadOutcome>> search_threads(SearchScope scope, message::SearchKey key,
                                                  message::ThreadAlgorithm algorithm);

}  // namespace posthorn::service
