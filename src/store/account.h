#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "async/task.h"
#include "base/mutex.h"
#include "base/number_set.h"
#include "base/result.h"
#include "base/shared_value.h"
#include "store/change/change.h"
#include "store/value/account_state.h"
#include "store/value/actor.h"
#include "store/value/email.h"
#include "store/value/mailbox_damage.h"

namespace posthorn::async {
class Loop;
}

namespace posthorn::store {

class Store;
class EmailCatalog;
class ObjectIds;
class WatchList;
struct LoadedContents;

/// Applies a change to the account. Runs on the account's home loop (for ChangeWeight::heavy: on
/// the offload pool), and runs again from a newer state after a conflict. What it finds out is what
/// it returns: variables that it captured may have been written by an attempt that came to nothing.
using ChangeFunction = std::function<Status(Change&)>;

/// Where a change is computed. A heavy change (many thousands of messages) is computed off the
/// network threads.
enum class ChangeWeight : std::uint8_t { light, heavy };

struct ChangeReceipt {
  StatePtr state;        ///< A published and durable state that includes the change.
  bool changed = false;  ///< False if there was nothing to do; no change number was used.
};
/// A receipt with the value that the change's function returned in the attempt that was committed.
template <class T>
struct ValueReceipt : ChangeReceipt {
  T value;
};
namespace detail {
template <class Returned>
struct ReceiptOf {
  using Type = ValueReceipt<typename Returned::value_type>;
};
template <>
struct ReceiptOf<Status> {
  using Type = ChangeReceipt;
};
}  // namespace detail
/// The receipt of a change made by a function of type F, which returns Status or Result<T>.
template <class F>
using ReceiptFor = detail::ReceiptOf<std::invoke_result_t<F&, Change&>>::Type;

/// An open account. It gives any number of readers its published state, and is the only way to
/// change the account.
///
/// Changes are computed one after another on the account's home loop, each from the working state
/// (the result of the last one computed), and are answered when they are durable and published. If
/// a commit fails, all changes computed from it are computed again from the durable state.
class Account : public std::enable_shared_from_this<Account> {
 public:
  /// Only Store makes accounts.
  Account(Store& store, AccountId id, async::Loop& home, StatePtr state);
  ~Account();

  [[nodiscard]] const AccountId& id() const { return id_; }
  [[nodiscard]] Store& store() const { return store_; }

  /// Returns the newest durable state.
  /// Thread: any.
  [[nodiscard]] StatePtr published() const { return published_.load(); }

  /// Runs `function`, which returns Status or Result<T>, as one atomic change made by `by`; see
  /// ChangeFunction. The receipt holds the value it returned. `needs` are the mailboxes whose
  /// contents it reads; ids that no longer exist are ignored. Resumes on the caller's loop. A
  /// function that changes nothing commits nothing.
  /// Errors: those of the function, io, unavailable.
  template <class F>
  async::Task<Result<ReceiptFor<F>>> change(Actor by, std::vector<MailboxId> needs, F function,
                                            ChangeWeight weight = ChangeWeight::light);

  /// Like change(), for a step that may be requested again after a crash. Does nothing, and
  /// `changed` is false, if a change with this intent was made before. The record of that is kept
  /// until the horizon.
  async::Task<Result<ChangeReceipt>> change_once(Actor by, IntentId intent,
                                                 ChangeFunction function);

  /// Returns the mailbox with its contents, as now published. If all rows can be read but do not
  /// match the counts in the head, the rows are taken as correct; the head is corrected here, and
  /// the fact is logged.
  /// Errors: not_found; io, corrupt: a row cannot be read. The mailbox is then not shown without
  /// that row, because clients would take the message for removed, although the disk problem may be
  /// temporary.
  async::Task<Result<MailboxPtr>> load(MailboxId mailbox);

  /// Like load(), but leaves out what cannot be read. For callers that are about to remove or
  /// rewrite the mailbox. All readers see this reduced version until forget_contents() or a
  /// restart. Errors: not_found, unavailable.
  struct Readable {
    MailboxPtr mailbox;
    MailboxDamage damage;
  };
  async::Task<Result<Readable>> load_readable(MailboxId mailbox);
  /// Reads the account again from the engine.
  async::Task<Status> forget_contents();

  /// The UIDs that changes above `since` expunged from the mailbox. `complete` is false if the
  /// history does not reach back that far. `uids` must not be used then; every known UID that does
  /// not exist is gone.
  struct Expunged {
    NumberSet uids;
    bool complete = true;
  };
  async::Task<Result<Expunged>> expunged_since(MailboxId mailbox, ModSeq since);

  /// RFC 3501 §2.3.2: returns the first UID that no read-write session has been told of. With
  /// `claim`, all UIDs below UIDNEXT count as told afterwards. The value survives a restart only as
  /// a hint.
  /// Thread: any.
  Uid recent_from(const Mailbox& mailbox, bool claim);

  /// Calls `wake`, on the loop on which the watch was created, soon after a published change
  /// touched one of `mailboxes` (if empty: any mailbox of the account, a subscription or an
  /// annotation). Several changes may cause one call only. Ends when destroyed, which must happen
  /// on that loop.
  class Watch {
   public:
    virtual ~Watch() = default;
  };
  std::unique_ptr<Watch> watch(std::vector<MailboxId> mailboxes, std::function<void()> wake);

  /// Brings the account up to date if another process has made this version of its partition.
  /// Returns at once; watchers are woken when it is done. Costs next to nothing if this process
  /// made it.
  /// Thread: any.
  void follow(const engine::PartitionVersion& version);
  /// The same, whether there is anything new or not.
  /// Thread: any.
  void look_again();
  /// Brings the account up to date with everything that any process had committed when this was
  /// called, whether a bell was heard or not. For commands that promise to be current. Costs one
  /// read of the partition's version where several processes may have the store open, and nothing
  /// elsewhere. Resumes on the caller's loop. Errors: not_found (it was removed); unavailable, io:
  /// it cannot be told whether there is anything new.
  async::Task<Status> be_current();
  /// How often the state was replaced by what the engine has, mostly because another process had
  /// changed it.
  /// Thread: any.
  [[nodiscard]] std::uint64_t reloads() const { return reloads_.load(); }

  /// The stored messages.
  [[nodiscard]] EmailCatalog& emails() { return *emails_; }

  /// The identifiers of mailboxes and messages that clients see.
  /// Thread: any.
  [[nodiscard]] const ObjectIds& object_ids() const { return *object_ids_; }

 private:
  friend class Store;
  friend class Maintenance;
  friend class Expiry;
  struct Pipeline;

  struct Wanted;
  async::Task<Result<ChangeReceipt>> change_erased(Actor by, std::vector<MailboxId> needs,
                                                   ChangeFunction function, ChangeWeight weight);
  async::Task<Result<ChangeReceipt>> enter_and_change(Wanted wanted);
  async::Task<Result<ChangeReceipt>> change_at_home(const Wanted& wanted);
  /// Computes and commits one attempt. Requires: the pipeline's lock, which this releases.
  async::Task<Result<ChangeReceipt>> attempt_at_home(const Wanted& wanted);
  async::Task<Result<bool>> is_done_at_home(const IntentId& intent);
  /// Adds the account to the list by which a restart finds outboxes. Requires: the pipeline's lock.
  async::Task<Status> list_at_home();
  /// Removes the account from that list if its outbox is empty, and if it has been there since the
  /// time that is given.
  async::Task<Status> unlist_at_home(std::int64_t since);
  async::Task<Result<MailboxPtr>> load_at_home(MailboxId mailbox);
  async::Task<Result<MailboxPtr>> read_contents_at_home(MailboxId mailbox);
  async::Task<Result<Readable>> load_readable_at_home(MailboxId mailbox);
  async::Task<Result<Readable>> read_readable_at_home(MailboxId mailbox);
  /// Errors: conflict if the partition has another version by now; those of a read.
  async::Task<Status> still_is(engine::PartitionVersion version);
  /// Publishes the mailbox with contents that were just read. Requires: the pipeline's lock, and no
  /// pending commit.
  MailboxPtr take_contents(const Mailbox& mailbox, LoadedContents loaded);
  /// Commits a change prepared from the working state. Requires: the pipeline's lock, which this
  /// releases.
  async::Task<Status> commit_at_home(struct PreparedChange prepared);
  void publish(const struct PreparedChange& done);
  void note_long_tails(const AccountState& state, std::span<const MailboxId> touched);
  /// Replaces the state by what the engine has: always, or only if that has another version. Keeps
  /// the contents of unchanged mailboxes in the second case. Returns whether it did. Errors: those
  /// of load_account().
  enum class Reload : std::uint8_t { if_moved, always };
  async::Task<Result<bool>> reload_at_home(Reload how);
  void replace_state(const StatePtr& state);
  static async::Task<void> look(std::shared_ptr<Account> account);
  /// Takes back everything that was computed from a change that failed.
  void fall_back();
  void maintain_if_due();

  Store& store_;
  const AccountId id_;
  async::Loop& home_;
  SharedValue<AccountState> published_;
  std::unique_ptr<EmailCatalog> emails_;
  std::unique_ptr<const ObjectIds> object_ids_;
  std::unique_ptr<Pipeline> pipeline_;
  std::shared_ptr<WatchList> watches_;
  /// The revision that the last commit given to the engine makes if it succeeds.
  std::atomic<std::uint64_t> given_;
  std::atomic<bool> looking_ = false;  ///< look() will run.
  std::atomic<std::uint64_t> reloads_ = 0;
  Mutex recent_mutex_;
  std::map<MailboxId, Uid> recent_ POSTHORN_GUARDED_BY(recent_mutex_);
};
using AccountPtr = std::shared_ptr<Account>;

template <class F>
async::Task<Result<ReceiptFor<F>>> Account::change(Actor by, std::vector<MailboxId> needs,
                                                   F function, ChangeWeight weight) {
  using Receipt = ReceiptFor<F>;
  if constexpr (std::is_same_v<Receipt, ChangeReceipt>) {
    // A reference, because `function` outlives the change in this frame and may not be copyable.
    co_return co_await change_erased(by, std::move(needs), std::ref(function), weight);
  } else {
    std::optional<decltype(Receipt::value)> value;
    const auto keep_value = [&](Change& change) -> Status {
      auto returned = function(change);
      if (!returned) return pass(returned);
      value.emplace(std::move(*returned));
      return {};
    };
    auto receipt = co_await change_erased(by, std::move(needs), std::ref(keep_value), weight);
    if (!receipt) co_return pass(receipt);
    co_return Receipt{std::move(*receipt), std::move(*value)};
  }
}

}  // namespace posthorn::store
