#include "async/shares.h"

#include <algorithm>
#include <cassert>
#include <tuple>
#include <utility>

#include "async/completion.h"

namespace posthorn::async {

Shares::Shares(std::size_t at_once) : state_(std::make_shared<State>(at_once)) {
  assert(at_once > 0);
}

void Shares::State::grant(Owner& owner) {
  ++taken;
  ++owner.turns;
  owner.last = ++numbers;
}

Task<std::shared_ptr<void>> Shares::take(PartitionId owner) {
  co_await callback<void>([state = state_, owner](auto done) {
    {
      const MutexLock lock(state->mutex);
      const auto [entry, is_new] = state->owners.try_emplace(owner);
      Owner& one = entry->second;
      if (is_new) one.last = ++state->numbers;
      if (state->taken == state->at_once) {
        one.waiting.emplace_back(done);
        state->waiting.fetch_add(1, std::memory_order_relaxed);
        return;
      }
      state->grant(one);
    }
    done();
  });
  co_return std::shared_ptr<void>(nullptr,
                                  [state = state_, owner](void*) { state->end_turn(owner); });
}

bool Shares::is_wanted() const { return state_->waiting.load(std::memory_order_relaxed) > 0; }

void Shares::State::end_turn(const PartitionId& id) {
  std::move_only_function<void()> next;
  {
    const MutexLock lock(mutex);
    --taken;
    const auto ended = owners.find(id);
    if (--ended->second.turns == 0 && ended->second.waiting.empty()) owners.erase(ended);
    const auto rank = [](const auto& entry) {
      const Owner& owner = entry.second;
      return std::tuple(owner.waiting.empty(), owner.turns, owner.last);
    };
    const auto best = std::ranges::min_element(owners, {}, rank);
    if (best == owners.end() || best->second.waiting.empty()) return;
    next = std::move(best->second.waiting.front());
    best->second.waiting.pop_front();
    waiting.fetch_sub(1, std::memory_order_relaxed);
    grant(best->second);
  }
  next();
}

}  // namespace posthorn::async
