#pragma once

#include <array>
#include <atomic>
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
#include "relay/claim.h"
#include "relay/connections.h"
#include "relay/local_delivery.h"
#include "relay/options.h"
#include "store/store.h"

namespace posthorn::relay {

/// Processes the outboxes of all accounts: delivers to local recipients at once and to others
/// through the relay, retries after failures, and reports to the senders.
///
/// The result of an attempt and the report about it are recorded in the sender's account in one
/// change. A recipient is sent the message again only if that change was not made. For the relay
/// this happens if the process ended between the relay's last reply and the change, or if that
/// reply was lost. A message that was accepted for sending is given up only by expiry, by a
/// refusal, or by an administrator who cancels it.
///
/// Thread: its loop's, unless said otherwise.
class Runner {
 public:
  /// All must outlive the runner. `local` is used on the loop.
  Runner(store::Store& store, async::Loop& loop, LocalDelivery& local, RelayOptions options);
  /// Requires: stop() has finished or start() was never called; and the loop has ended, or nothing
  /// changes any more.
  ~Runner();
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;

  /// Finds waiting entries, and begins to watch for new ones. Thread: any.
  void start();
  /// Looks for outboxes in which something waits that nobody works on: where several processes have
  /// the store open, after one of them has gone. Thread: any.
  void look_again();
  /// Sets the options for attempts started from now on. Thread: any.
  void set_options(RelayOptions options);
  /// Starts no further attempts. Running ones may finish within `grace`; then connections are cut,
  /// and deliveries without a reply are retried after the next start. Thread: any loop's.
  async::Task<void> stop(std::chrono::milliseconds grace);
  /// The number of messages that have been accepted and are not finished. Thread: any.
  [[nodiscard]] std::size_t waiting() const { return waiting_.load(std::memory_order_relaxed); }

 private:
  enum class Stage : std::uint8_t { time, local, relay };
  struct AccountWork {
    std::map<store::OutboxId, std::shared_ptr<Claim>> running;
    std::set<store::OutboxId> elsewhere;  ///< Due, without a due recipient on this server.
    std::size_t waiting = 0;              ///< Its part of waiting_.
    std::int64_t due = 0;                 ///< Its key in due_; 0 if it is not there.
    bool noted = false;                   ///< It is in noted_.
    bool scanning = false;
    bool again = false;    ///< It was noted again during the scan.
    bool crowded = false;  ///< It is in crowded_.
  };

  // Accounts that need a scan.
  void note(const AccountId& id);
  void pump();
  async::Task<void> find_accounts();
  async::Task<void> scan(AccountId id);
  void set_waiting(AccountWork& work, std::size_t entries);
  void forget_if_idle(const AccountId& id);

  // Attempts.
  void begin_due(const AccountId& id, const store::AccountPtr& account);
  bool begin(AccountWork& work, const store::AccountPtr& account,
             const store::OutboxEntryPtr& entry, Stage stage);
  async::Task<void> run(store::AccountPtr account, std::shared_ptr<Claim> claim,
                        store::OutboxId number, Stage stage);
  async::Task<void> attempt(store::AccountPtr account, store::OutboxEntryPtr entry,
                            const Claim& claim, Stage stage);
  static async::Task<void> renew(std::shared_ptr<Claim> claim);
  void renew_claims();
  async::Task<void> release_claims(std::chrono::milliseconds longest);
  void end(const AccountId& account, store::OutboxId entry, Stage stage);

  // Work for later.
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
  std::deque<AccountId> crowded_;  ///< To be scanned again when an attempt has ended.
  std::set<std::pair<std::int64_t, AccountId>> due_;
  std::size_t scans_ = 0;
  std::array<std::size_t, 3> running_{};  ///< Indexed by Stage.
  std::atomic<std::size_t> waiting_ = 0;
};

}  // namespace posthorn::relay
