#pragma once

#include <cstddef>
#include <vector>

#include "async/task.h"
#include "base/result.h"
#include "relay/progress.h"
#include "store/account.h"
#include "store/value/outbox.h"

namespace posthorn::relay {

/// Which recipients of an entry have mailboxes here, by index.
struct Routes {
  std::vector<std::size_t> local;  ///< Also those whose domain is ours though nobody has the name.
  std::vector<std::size_t> elsewhere;
};

/// Mail to this server's own accounts.
class LocalDelivery {
 public:
  virtual ~LocalDelivery() = default;
  virtual async::Task<Result<Routes>> route(store::OutboxEntryPtr entry,
                                            std::vector<std::size_t> recipients) = 0;
  /// Into the recipients' mailboxes, each once however often it is asked for. One for each
  /// recipient.
  virtual async::Task<std::vector<Tried>> deliver(store::AccountPtr sender,
                                                  store::OutboxEntryPtr entry,
                                                  std::vector<std::size_t> recipients) = 0;
};

}  // namespace posthorn::relay
