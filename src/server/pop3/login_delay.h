#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>

#include "auth/lru.h"
#include "base/clock.h"
#include "base/ids.h"

namespace posthorn::server::pop3 {

/// When accounts last logged in, as far as is remembered (RFC 2449 §6.5): not over a restart, and
/// of the most recent accounts only. Thread: any.
class LoginDelay {
 public:
  explicit LoginDelay(const Clock& clock) : clock_(clock) {}

  /// A login that succeeded. False when it comes less than `delay` after the last that was let in:
  /// then it is to be refused, and does not count.
  bool admit(const AccountId& account, std::chrono::seconds delay);

 private:
  static constexpr std::size_t kAccounts = 100'000;  ///< Some 150 octets each.
  const Clock& clock_;
  std::mutex mutex_;
  auth::LruMap<std::int64_t> last_{kAccounts};  ///< By account id; seconds.
};

}  // namespace posthorn::server::pop3
