#pragma once

#include <cstddef>
#include <vector>

#include "async/task.h"
#include "base/result.h"
#include "relay/progress.h"
#include "store/account.h"
#include "store/value/outbox.h"

namespace posthorn::relay {

/// The recipients of an entry, by index, divided into those on this server and others.
struct Routes {
  std::vector<std::size_t> local;  ///< Includes recipients of our domains whose name nobody has.
  std::vector<std::size_t> elsewhere;
};

/// Delivery to this server's own accounts.
class LocalDelivery {
 public:
  virtual ~LocalDelivery() = default;
  virtual async::Task<Result<Routes>> route(store::OutboxEntryPtr entry,
                                            std::vector<std::size_t> recipients) = 0;
  /// Delivers to the recipients' mailboxes, once for each however often it is repeated. Returns one
  /// result for each recipient.
  virtual async::Task<std::vector<Tried>> deliver(store::AccountPtr sender,
                                                  store::OutboxEntryPtr entry,
                                                  std::vector<std::size_t> recipients) = 0;
};

}  // namespace posthorn::relay
