#pragma once

#include <coroutine>
#include <deque>
#include <memory>
#include <set>
#include <vector>

#include "async/loop.h"
#include "store/account.h"
#include "store/upkeep/age_out.h"
#include "store/value/account_state.h"

namespace posthorn::store {

/// The order of an account's changes. Touched on the home loop only.
///
/// `working` is the last computed state. `pending` are the states handed to the engine and not
/// answered yet, oldest first; if there are any, the last of them is `working`. The holder of the
/// lock may compute a change from `working` and append the result to `pending`. The lock is held
/// while a change is computed, not while it is committed: the next change is computed while the
/// engine is still writing this one, so that both can share a sync.
struct Account::Pipeline {
  explicit Pipeline(async::Loop& on, StatePtr state) : home(on), working(std::move(state)) {}

  async::Loop& home;
  StatePtr working;
  std::deque<StatePtr> pending;
  bool maintaining = false;
  bool maintenance_requested = false;  ///< By Maintenance::request(), since its last step began.
  bool expiry_waits = false;           ///< Maintenance that can be done later makes way.
  bool listed = false;                 ///< The queue's list durably contains this account, ...
  std::int64_t listed_since = 0;       ///< ... by a row of this time.
  /// Every group has a search filter, and neighbours are merged. May be false without need.
  bool filters_complete = false;
  std::int64_t due_day = -1;  ///< Day of the last change noted for the sweep.
  AgeDays age_days;           ///< See upkeep/age_out.h.
  /// Mailboxes whose published tail was long enough for a checkpoint; some may not be any more.
  std::set<MailboxId> long_tails;
  /// The number of changes, since the account was opened, that put removed messages back.
  std::uint64_t restorations = 0;
  Ordinal packed_up_to{0};  ///< Every message up to this ordinal is in a group.

  struct Lock {
    Pipeline& p;
    [[nodiscard]] bool await_ready() const { return !std::exchange(p.locked_, true); }
    void await_suspend(std::coroutine_handle<> h) const { p.waiting_.push_back(h); }
    void await_resume() const {}
  };
  /// Acquires the lock, first come, first served. The holder must call unlock().
  Lock lock() { return Lock{*this}; }
  void unlock() {
    if (waiting_.empty()) {
      locked_ = false;
      return;
    }
    // Stays locked, for the next waiter.
    home.post([h = waiting_.front()] { h.resume(); });
    waiting_.pop_front();
  }

  struct Drained {
    Pipeline& p;
    [[nodiscard]] bool await_ready() const { return p.pending.empty(); }
    void await_suspend(std::coroutine_handle<> h) const { p.drain_waiters_.push_back(h); }
    void await_resume() const {}
  };
  /// Resumes when nothing is pending.
  Drained drained() { return Drained{*this}; }
  void answer_drained() {
    if (!pending.empty()) return;
    for (const auto h : std::exchange(drain_waiters_, {})) home.post([h] { h.resume(); });
  }

 private:
  bool locked_ = false;
  std::deque<std::coroutine_handle<>> waiting_;
  std::vector<std::coroutine_handle<>> drain_waiters_;
};

}  // namespace posthorn::store
