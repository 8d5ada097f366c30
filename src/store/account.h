#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "async/task.h"
#include "base/number_set.h"
#include "base/result.h"
#include "base/shared_value.h"
#include "store/change/change.h"
#include "store/value/account_state.h"
#include "store/value/email.h"
#include "store/value/mailbox_damage.h"

namespace posthorn::async {
class Loop;
}

namespace posthorn::store {

class Store;
class EmailCatalog;
class WatchList;
struct LoadedContents;

/// What to do to the account; run on its home loop, again from a newer state after a conflict.
using ChangeFunction = std::function<Status(Change&)>;

/// Where a change is computed. A heavy one (many thousands of messages) leaves the network threads.
enum class ChangeWeight : std::uint8_t { light, heavy };

struct ChangeReceipt {
  StatePtr state;        ///< Published and durable, holding the change.
  bool changed = false;  ///< False when there was nothing to do: no number was used.
};

/// An open account: its published state for any number of readers, and the only way to change it.
///
/// Changes are computed one after another on the account's home loop, each from the working state
/// (the last computed), and answered when durable and published. If a commit fails, everything
/// computed on top of it is computed again from what is durable.
class Account : public std::enable_shared_from_this<Account> {
 public:
  /// Store makes accounts.
  Account(Store& store, AccountId id, async::Loop& home, StatePtr state);
  ~Account();

  [[nodiscard]] const AccountId& id() const { return id_; }
  [[nodiscard]] Store& store() const { return store_; }

  /// The newest durable state. Thread: any.
  [[nodiscard]] StatePtr published() const { return published_.load(); }

  /// Runs `function` as one atomic change. `needs` are mailboxes whose contents it reads; ids no
  /// longer there are passed over. Goes on on the caller's loop. Errors: the function's own, io,
  /// unavailable. A function that changes nothing commits nothing.
  async::Task<Result<ChangeReceipt>> change(std::vector<MailboxId> needs, ChangeFunction function,
                                            ChangeWeight weight = ChangeWeight::light);

  /// change() of a step that may be asked for again after a crash: does nothing, and `changed` is
  /// false, when a change with this intent is there already. That is known until the horizon.
  async::Task<Result<ChangeReceipt>> change_once(IntentId intent, ChangeFunction function);

  /// The mailbox with its contents, as now published. When all of its rows can be read and are not
  /// as many as its head says, the rows count: that is put right here and said in the log. Errors:
  /// not_found; io, corrupt: a row cannot be read. Then it is not shown without that row, as
  /// clients would take the message for removed, and what ails the disk may pass.
  async::Task<Result<MailboxPtr>> load(MailboxId mailbox);

  /// load() that leaves out what cannot be read, for whoever is about to remove the mailbox or to
  /// write it anew: everybody sees it like that until forget_contents() or a restart. Errors:
  /// not_found, unavailable.
  struct Readable {
    MailboxPtr mailbox;
    MailboxDamage damage;
  };
  async::Task<Result<Readable>> load_readable(MailboxId mailbox);
  /// Reads the account anew from what is stored.
  async::Task<Status> forget_contents();

  /// UIDs expunged from the mailbox by changes above `since`; `complete` is false when the history
  /// does not reach back that far, and then `uids` is not to be used: every known UID that is not
  /// there is gone.
  struct Expunged {
    NumberSet uids;
    bool complete = true;
  };
  async::Task<Result<Expunged>> expunged_since(MailboxId mailbox, ModSeq since);

  /// RFC 3501 §2.3.2: the first UID that no read-write session was told yet; with `claim`
  /// everything below UIDNEXT is then told. Survives a restart as a hint only. Thread: any.
  Uid recent_from(const Mailbox& mailbox, bool claim);

  /// Calls `wake` on the loop the watch was made on, soon after a published change touched one of
  /// `mailboxes` (all of the account's, if empty). Several changes may be one call. Stops when
  /// destroyed, on that loop.
  class Watch {
   public:
    virtual ~Watch() = default;
  };
  std::unique_ptr<Watch> watch(std::vector<MailboxId> mailboxes, std::function<void()> wake);

  /// The stored messages.
  [[nodiscard]] EmailCatalog& emails() { return *emails_; }

 private:
  friend class Store;
  friend class Maintenance;
  friend class Expiry;
  struct Pipeline;

  struct Wanted;
  async::Task<Result<ChangeReceipt>> enter_and_change(Wanted wanted);
  async::Task<Result<ChangeReceipt>> change_at_home(const Wanted& wanted);
  /// Computes and commits one attempt. Requires: the pipeline's lock, released here.
  async::Task<Result<ChangeReceipt>> attempt_at_home(const Wanted& wanted);
  async::Task<Result<bool>> is_done_at_home(const IntentId& intent);
  /// Makes a restart find the outbox. Requires: the pipeline's lock.
  async::Task<Status> list_at_home();
  /// Takes the account off that list when its outbox is empty.
  async::Task<Status> unlist_at_home();
  async::Task<Result<MailboxPtr>> load_at_home(MailboxId mailbox);
  async::Task<Result<Readable>> load_readable_at_home(MailboxId mailbox);
  /// Publishes the mailbox with contents just read. Requires: the pipeline's lock, and nothing
  /// under way.
  MailboxPtr take_contents(const Mailbox& mailbox, LoadedContents loaded);
  /// Commits what was prepared from the working state. Requires: the pipeline's lock, released
  /// here.
  async::Task<Status> commit_at_home(struct PreparedChange prepared);
  void publish(const struct PreparedChange& done);
  void note_long_tails(const AccountState& state, std::span<const MailboxId> touched);
  async::Task<Status> reload_at_home();
  void maintain_if_due();

  Store& store_;
  const AccountId id_;
  async::Loop& home_;
  SharedValue<AccountState> published_;
  std::unique_ptr<EmailCatalog> emails_;
  std::unique_ptr<Pipeline> pipeline_;
  std::shared_ptr<WatchList> watches_;
  std::mutex recent_mutex_;
  std::map<MailboxId, Uid> recent_;
};
using AccountPtr = std::shared_ptr<Account>;

}  // namespace posthorn::store
