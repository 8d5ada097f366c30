#include "auth/hash_queue.h"

#include <deque>
#include <list>
#include <string>
#include <unordered_map>
#include <utility>

#include "auth/peer.h"
#include "base/mutex.h"

namespace posthorn::auth {

struct HashQueue::State {
  explicit State(Limits of) : limits(of) {}

  using Job = std::move_only_function<void()>;
  /// The jobs of one network; never empty outside a function.
  struct Network {
    std::string name;
    std::deque<Job> jobs = {};
  };

  const Limits limits;
  Mutex mutex;
  std::size_t waiting POSTHORN_GUARDED_BY(mutex) = 0;
  /// In the order of their turns.
  std::list<Network> networks POSTHORN_GUARDED_BY(mutex);
  std::unordered_map<std::string_view, std::list<Network>::iterator> by_name
      POSTHORN_GUARDED_BY(mutex);

  void run_next() {
    MutexLock lock(mutex);
    if (networks.empty()) return;
    const auto turn = networks.begin();
    Job job = std::move(turn->jobs.front());
    turn->jobs.pop_front();
    --waiting;
    if (turn->jobs.empty()) {
      by_name.erase(turn->name);
      networks.erase(turn);
    } else {
      networks.splice(networks.end(), networks, turn);
    }
    lock.unlock();
    job();
  }
};

HashQueue::HashQueue(async::OffloadPool& pool, Limits limits)
    : pool_(pool), state_(std::make_shared<State>(limits)) {}

bool HashQueue::submit(std::string_view peer, std::move_only_function<void()> work) {
  std::string name = site_of(peer);
  const MutexLock lock(state_->mutex);
  if (state_->waiting >= state_->limits.total) return false;
  const auto known = state_->by_name.find(name);
  const bool is_new = known == state_->by_name.end();
  if (!is_new && known->second->jobs.size() >= state_->limits.per_network) return false;
  // Each job brings one turn, which need not be its own.
  if (!pool_.submit([state = state_] { state->run_next(); })) return false;
  if (is_new) {
    state_->networks.push_back({std::move(name)});
    state_->by_name.emplace(state_->networks.back().name, std::prev(state_->networks.end()));
  }
  auto& jobs = is_new ? state_->networks.back().jobs : known->second->jobs;
  jobs.push_back(std::move(work));
  ++state_->waiting;
  return true;
}

}  // namespace posthorn::auth
