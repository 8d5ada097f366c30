#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "async/event.h"
#include "async/gate.h"
#include "async/loop.h"
#include "async/task.h"
#include "relay/attempt.h"
#include "relay/connections.h"
#include "relay/local_delivery.h"
#include "relay/options.h"
#include "store/store.h"

namespace posthorn::relay {

/// Works off the outboxes of all accounts: local recipients at once, the others through the relay,
/// again later where that fails, and reports to the senders.
///
/// What has happened is noted in the sender's account in one change with the report about it. A
/// recipient is sent to again only when that change was not made: for the relay, when this process
/// ended between the relay's last reply and the change, or that reply was lost on its way. Nothing
/// that was accepted for sending is given up but by expiry, a refusal, or somebody who cancels.
///
/// Thread: its loop's, but for what says otherwise.
class Runner {
 public:
  /// All must outlive it. `local` is used on the loop.
  Runner(store::Store& store, async::Loop& loop, LocalDelivery& local, RelayOptions options);
  /// Requires: stop() has ended, or start() was never called; the loop has run to its end, or
  /// nothing changes any more.
  ~Runner();
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;

  /// Looks for what waits, and hears of what comes. Thread: any.
  void start();
  /// For what is begun later. Thread: any.
  void set_options(RelayOptions options);
  /// Begins nothing more. What is under way has `grace` to end by itself; then connections are cut,
  /// and what was not answered is tried again after the next start. Thread: any loop's.
  async::Task<void> stop(std::chrono::milliseconds grace);

 private:
  enum class Stage : std::uint8_t { time, local, relay };
  struct AccountWork {
    std::set<store::OutboxId> running;
    std::set<store::OutboxId> elsewhere;  ///< Due, and without a due recipient here.
    std::int64_t due = 0;                 ///< Its place in due_; 0: none.
    bool noted = false;                   ///< It is in noted_.
    bool scanning = false;
    bool again = false;    ///< It was noted while it was scanned.
    bool crowded = false;  ///< It is in crowded_.
  };

  // What is known to need a look.
  void note(const AccountId& id);
  void pump();
  async::Task<void> find_accounts();
  async::Task<void> scan(AccountId id);
  void forget_if_idle(const AccountId& id);

  // What is begun.
  void begin_due(const AccountId& id, const store::AccountPtr& account);
  bool begin(AccountWork& work, const store::AccountPtr& account,
             const store::OutboxEntryPtr& entry, Stage stage);
  async::Task<void> run(store::AccountPtr account, store::OutboxEntryPtr entry, Stage stage);
  void end(const AccountId& account, store::OutboxId entry, Stage stage);

  // What is for later.
  void set_due(const AccountId& id, std::int64_t when);
  void set_timer();
  void on_timer();
  [[nodiscard]] std::int64_t now() const;

  store::Store& store_;
  async::Loop& loop_;
  Connections connections_;
  Means means_;
  async::Gate gate_;
  std::unique_ptr<async::Timer> timer_;
  std::map<AccountId, AccountWork> accounts_;
  std::deque<AccountId> noted_;
  std::deque<AccountId> crowded_;  ///< To be looked at again when something has ended.
  std::set<std::pair<std::int64_t, AccountId>> due_;
  std::size_t scans_ = 0;
  std::array<std::size_t, 3> running_{};  ///< By Stage.
};

}  // namespace posthorn::relay
