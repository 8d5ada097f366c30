#pragma once

#include <coroutine>
#include <deque>
#include <memory>
#include <set>
#include <vector>

#include "async/loop.h"
#include "store/account.h"
#include "store/value/account_state.h"

namespace posthorn::store {

/// The order of an account's changes. Touched on its home loop only.
///
/// `working` is the last state computed, `pending` those handed to the engine and not yet answered,
/// oldest first; the last of them is `working`. Who holds the lock may compute and append.
struct Account::Pipeline {
  explicit Pipeline(async::Loop& on, StatePtr state) : home(on), working(std::move(state)) {}

  async::Loop& home;
  StatePtr working;
  std::deque<StatePtr> pending;
  std::uint64_t generation = 0;  ///< Counts how often working fell back to published.
  bool maintaining = false;
  bool listed = false;        ///< That the outbox is not empty is durable in the queue's list.
  std::int64_t due_day = -1;  ///< Day of the last change noted for the sweep.
  /// Mailboxes whose published tail is due for a checkpoint; some may no longer be.
  std::set<MailboxId> long_tails;
  Ordinal packed_up_to{0};  ///< Every message up to here lies in a group.

  struct Lock {
    Pipeline& p;
    [[nodiscard]] bool await_ready() const { return !std::exchange(p.locked_, true); }
    void await_suspend(std::coroutine_handle<> h) const { p.waiting_.push_back(h); }
    void await_resume() const {}
  };
  /// First come, first served; unlock() when done.
  Lock lock() { return Lock{*this}; }
  void unlock() {
    if (waiting_.empty()) {
      locked_ = false;
      return;
    }
    // Stays locked, for the next.
    home.post([h = waiting_.front()] { h.resume(); });
    waiting_.pop_front();
  }

  struct Drained {
    Pipeline& p;
    [[nodiscard]] bool await_ready() const { return p.pending.empty(); }
    void await_suspend(std::coroutine_handle<> h) const { p.drain_waiters_.push_back(h); }
    void await_resume() const {}
  };
  /// Goes on when nothing is pending.
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
