#include "server/pop3/login_delay.h"

#include <string>

namespace posthorn::server::pop3 {

bool LoginDelay::admit(const AccountId& account, std::chrono::seconds delay) {
  if (delay.count() == 0) return true;
  const std::int64_t now = clock_.now().seconds;
  const std::string key(account.view());
  const MutexLock lock(mutex_);
  const std::int64_t* const last = last_.find(key);
  // If the clock was set back, nobody must be locked out.
  if (last != nullptr && *last <= now && now - *last < delay.count()) return false;
  last_.at(key) = now;
  return true;
}

}  // namespace posthorn::server::pop3
