#pragma once

#include <chrono>
#include <memory>
#include <type_traits>

#include "async/offload.h"
#include "async/shares.h"
#include "async/task.h"
#include "store/store.h"

namespace posthorn::search {

/// The time for which a user's search keeps a thread while others wait. Reads have threads of their
/// own, so this bounds only how long searches wait for each other.
inline constexpr std::chrono::milliseconds kSlice{20};

/// Calls `step` on the store's pool until it returns false, in the account's turns
/// (Store::long_work). A step should take a few milliseconds at most. Resumes on the caller's loop.
template <class Step>
async::Task<void> in_turns(store::AccountPtr account, Step step) {
  store::Store& store = account->store();
  async::Shares& shares = store.long_work();
  for (bool is_more = true; is_more;) {
    const std::shared_ptr<void> turn = co_await shares.take(account->id());
    is_more = co_await async::offload(store.offload(), [&] {
      const auto end = std::chrono::steady_clock::now() + kSlice;
      do {
        if (!step()) return false;
      } while (!shares.is_wanted() || std::chrono::steady_clock::now() < end);
      return true;
    });
  }
}

/// The same for work that cannot be divided into steps. Returns what it returns.
template <class Work>
async::Task<std::invoke_result_t<Work&>> in_one_turn(store::AccountPtr account, Work work) {
  store::Store& store = account->store();
  const std::shared_ptr<void> turn = co_await store.long_work().take(account->id());
  co_return co_await async::offload(store.offload(), [&] { return work(); });
}

}  // namespace posthorn::search
