#pragma once

#include <chrono>
#include <cstdint>

#include "auth/lru.h"
#include "base/clock.h"
#include "base/ids.h"
#include "base/mutex.h"

namespace posthorn::server::pop3 {

/// Remembers when accounts last logged in (RFC 2449 §6.5). The times are lost at a restart, and
/// only the most recent accounts are kept. Thread: any.
class LoginDelay {
 public:
  explicit LoginDelay(const Clock& clock) : clock_(clock) {}

  /// Reports a successful login. Returns false if it comes less than `delay` after the last one
  /// that was admitted: it must then be refused, and does not count.
  bool admit(const AccountId& account, std::chrono::seconds delay);

 private:
  static constexpr std::size_t kAccounts = 100'000;  ///< About 150 octets each.
  const Clock& clock_;
  Mutex mutex_;
  /// By account id, in seconds.
  auth::LruMap<std::int64_t> last_ POSTHORN_GUARDED_BY(mutex_){kAccounts};
};

}  // namespace posthorn::server::pop3
