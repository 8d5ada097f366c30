#pragma once

#include <chrono>

#include "base/ids.h"
#include "base/result.h"
#include "store/account.h"
#include "store/value/actor.h"

namespace posthorn::store {

/// Begins when a change is asked for. The line that it writes is the last of those that belong to a
/// request, by the number of its connection (docs/monitoring.md). Without level debug it costs next
/// to nothing.
class ChangeTimer {
 public:
  ChangeTimer();
  /// Logs what has become of the change of this account. Errors are also logged by those who asked;
  /// here they say which account they were about.
  void note(const Actor& by, const AccountId& account, const Result<ChangeReceipt>& receipt) const;

 private:
  const bool logs_;
  const std::chrono::steady_clock::time_point began_;
};

}  // namespace posthorn::store
