#include "auth/session_limits.h"

#include <string>
#include <unordered_map>

#include "auth/peer.h"
#include "base/mutex.h"

namespace posthorn::auth {

struct SessionLimits::State {
  explicit State(Bounds b) : bounds(b) {}
  const Bounds bounds;
  Mutex mutex;
  std::size_t total POSTHORN_GUARDED_BY(mutex) = 0;
  std::unordered_map<std::string, std::size_t> networks POSTHORN_GUARDED_BY(mutex);
  std::unordered_map<AccountId, std::size_t> users POSTHORN_GUARDED_BY(mutex);
};

namespace {

template <class Map>
void release_one(Map& map, const typename Map::key_type& key) {
  const auto at = map.find(key);
  if (at != map.end() && --at->second == 0) map.erase(at);
}

/// Calls `release` when the last copy is destroyed. The pointer itself is null; only its deleter is
/// used.
template <class Release>
std::shared_ptr<void> when_gone(Release release) {
  return {nullptr, [r = std::move(release)](void*) mutable { r(); }};
}

}  // namespace

SessionLimits::SessionLimits(Bounds bounds) : state_(std::make_shared<State>(bounds)) {}

Result<SessionLimits::Slot> SessionLimits::admit_connection(std::string_view peer) {
  const bool counted = peer != "unix";
  const std::string network = network_of(peer);
  {
    const MutexLock lock(state_->mutex);
    if (state_->total >= state_->bounds.total) {
      return fail(ErrorKind::limit, "Too many connections; please try again later");
    }
    if (counted) {
      const auto at = state_->networks.find(network);
      if (at != state_->networks.end() && at->second >= state_->bounds.per_network) {
        return fail(ErrorKind::limit, "Too many connections from your address");
      }
      ++state_->networks[network];
    }
    ++state_->total;
  }
  return Slot(when_gone([state = state_, network, counted] {
    const MutexLock lock(state->mutex);
    --state->total;
    if (counted) release_one(state->networks, network);
  }));
}

Result<SessionLimits::Slot> SessionLimits::admit_user(const AccountId& account) {
  {
    const MutexLock lock(state_->mutex);
    const auto at = state_->users.find(account);
    if (at != state_->users.end() && at->second >= state_->bounds.per_user) {
      return fail(ErrorKind::limit,
                  "Too many connections for this account; close one and try again");
    }
    ++state_->users[account];
  }
  return Slot(when_gone([state = state_, account] {
    const MutexLock lock(state->mutex);
    release_one(state->users, account);
  }));
}

std::size_t SessionLimits::connections() const {
  const MutexLock lock(state_->mutex);
  return state_->total;
}

std::size_t SessionLimits::connections_of(const AccountId& account) const {
  const MutexLock lock(state_->mutex);
  const auto at = state_->users.find(account);
  return at == state_->users.end() ? 0 : at->second;
}

}  // namespace posthorn::auth
