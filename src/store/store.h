#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.h"
#include "base/clock.h"
#include "base/defaults.h"
#include "base/result.h"
#include "engine/engine.h"
#include "store/account.h"
#include "store/read/unreadable.h"
#include "store/value/sharing_policy.h"

namespace posthorn::async {
class LoopPool;
class OffloadPool;
class Shares;
}  // namespace posthorn::async

namespace posthorn::store {

class NodeList;

/// Settings that may change while the store is open.
struct StorePolicy {
  /// Never null.
  std::shared_ptr<const SharingPolicy> sharing = std::make_shared<const SharingPolicy>();
  /// The time for which history and expunged rows are kept.
  std::int64_t horizon_seconds = 30 * 86400;
  /// The time for which the content of expunged messages is kept; never longer than the horizon.
  std::int64_t content_seconds = 30 * 86400;
  Quota default_quota;  ///< For accounts that are created without a quota of their own.
};

/// The scope within which equal pieces are stored once.
enum class PieceSharing : std::uint8_t { server, domain, account };

struct StoreOptions {
  /// Decoded pages of digests and pieces.
  std::uint64_t page_cache_bytes = defaults::kCacheOctets / 2;
  /// For contents of mailboxes that no session uses.
  std::uint64_t contents_budget_bytes = defaults::kVersionMemoryOctets;
  std::uint32_t open_accounts = 1000;  ///< Number of unused accounts that stay open.
  /// Minimum age of an unused piece before it may be erased.
  std::int64_t sweep_grace_seconds = 86400;
  PieceSharing piece_sharing = PieceSharing::server;  ///< Applies to messages stored from now on.
  StorePolicy policy;
};

/// Where an address or login name leads to: to an account, or to other addresses.
struct AddressEntry {
  static constexpr std::size_t kMaxTargets = 1000;

  AccountId account;   ///< All zeros if there are targets, or if `disabled` and never used.
  bool alias = false;  ///< Accepts mail, but cannot log in.
  /// Other addresses, normalised. A single one that begins with '@' is that of an alias for a whole
  /// domain.
  std::vector<std::string> targets = {};
  /// A directory outside of the store says that the account accepts no mail. It is never stored.
  bool disabled = false;
};

/// The data about an account besides its mail.
struct AccountProfile {
  std::string name;         ///< The login name it was created with, normalised.
  std::string credentials;  ///< See auth/credentials.h; encoded. Empty: no password is accepted.
  bool disabled = false;    ///< Neither login nor delivery is possible.
  std::int64_t created = 0;
  std::uint64_t version = 0;     ///< Changes whenever the credentials or `disabled` change.
  std::string login_rules = {};  ///< See auth/rules/login_rules.h; encoded. Empty: the default.
  bool team = false;             ///< Nobody logs in as it; see store/value/team.h.
};

/// All accounts in one engine.
class Store {
 public:
  /// Opens the store. The pools and the engine must outlive it. Errors: io; not_supported if the
  /// data was written by a newer version.
  static Result<std::unique_ptr<Store>> open(engine::Engine& engine, async::LoopPool& loops,
                                             async::OffloadPool& offload, const Clock& clock,
                                             const StoreOptions& options);
  ~Store();

  /// Returns the account, and opens it if necessary. Errors: not_found, corrupt, io.
  /// Thread: any loop.
  async::Task<Result<AccountPtr>> account(const AccountId& id);

  // --- directory: names are addresses, compared in lower case ------------------------------------
  async::Task<Result<std::optional<AddressEntry>>> find_address(std::string_view name);
  async::Task<Result<AccountProfile>> profile(const AccountId& id);
  /// Creates an account with the mailboxes INBOX, Sent, Drafts, Trash, Junk and Archive, subscribed
  /// and with their special uses. Errors: already_exists, bad_argument.
  async::Task<Result<AccountId>> create_account(std::string_view name, std::string credentials,
                                                const Quota& quota);
  /// The same for a team without members. Its settings (SendingSettings::team) are there from the
  /// beginning.
  async::Task<Result<AccountId>> create_team(std::string_view name, const Quota& quota);
  async::Task<Status> set_credentials(const AccountId& id, std::string credentials);
  /// Stores the same password in another form: the version stays. Does nothing unless the account
  /// has this version.
  async::Task<Status> replace_credentials(const AccountId& id, std::uint64_t version,
                                          std::string credentials);
  async::Task<Status> set_disabled(const AccountId& id, bool disabled);
  /// Edits the encoded login rules. `edit` may refuse, may run on any loop, and may run more than
  /// once. `sessions` says
  /// whether sessions that began before still count; if not, the version changes.
  enum class Sessions : std::uint8_t { keep, end };
  async::Task<Status> edit_login_rules(const AccountId& id, Sessions sessions,
                                       std::function<Status(std::string& rules)> edit);
  async::Task<Status> add_alias(std::string_view alias, const AccountId& id);
  /// Adds an alias that leads to other addresses, which need not exist. Errors: already_exists,
  /// bad_argument.
  async::Task<Status> add_alias(std::string_view alias, std::vector<std::string> targets);
  async::Task<Status> remove_alias(std::string_view alias);
  /// Removes the account's addresses at once; the sweep removes the mail later.
  async::Task<Status> remove_account(const AccountId& id);
  struct Listed {
    std::string address;
    AddressEntry entry;
  };
  /// Returns at most `limit` addresses above `after`, ascending.
  async::Task<Result<std::vector<Listed>>> list_addresses(std::string_view after,
                                                          std::size_t limit);

  // --- accounts that SCRAM cannot serve ----------------------------------------------------------
  // A hint in the directory, so that nobody has to read all accounts.
  async::Task<Status> note_without_scram(const AccountId& id);
  async::Task<Status> forget_without_scram(const AccountId& id);
  async::Task<Result<std::vector<AccountId>>> accounts_without_scram();

  // --- sending ---------------------------------------------------------------------------------
  /// Returns every account whose outbox has entries, and some whose outbox had entries recently. To
  /// be examined after a start.
  async::Task<Result<std::vector<AccountId>>> accounts_with_outbox();
  /// Sets a function that is called after each published change of an account's outbox, on the
  /// account's home loop; it must be short. Replaces the previous one, without waiting for a call
  /// in progress.
  /// Thread: any.
  void on_outbox(std::function<void(const AccountId&)> listener);

  // --- sharing -----------------------------------------------------------------------------------
  /// Records, before it is done, that the account grants this grantee something (see
  /// store/change/share_list.h for grantees). Nothing is changed if that is known.
  async::Task<Status> note_share(std::string grantee, const AccountId& owner);
  /// Takes that back. Requires: nothing is granted, and nothing is being granted; see share_turn().
  async::Task<Status> forget_share(std::string grantee, const AccountId& owner);
  /// Returns the accounts that have granted this grantee something, ascending, and perhaps some
  /// that have not.
  async::Task<Result<std::shared_ptr<const std::vector<AccountId>>>> sharers(std::string grantee);
  /// Calls `wake`, on the loop on which the watch was created, soon after what sharers() returns
  /// may have got more, for whatever grantee, or the policy of sharing was set. The grant itself
  /// may come later, as a change of the account that gives it. Ends when destroyed, which must
  /// happen on that loop.
  std::unique_ptr<Account::Watch> watch_shares(std::function<void()> wake);
  /// Grants are given and taken one after another, each while the caller holds this.
  async::Task<std::shared_ptr<void>> share_turn();

  /// Runs one round of upkeep: drops what is past the horizon, erases unused pieces. Where several
  /// processes have the store open, of the accounts that owns() says.
  /// The program calls it periodically; tests call it directly.
  async::Task<Status> sweep();

  /// Logs that these messages cannot be read, once a day for each (store/upkeep/damage_log.h).
  /// Returns those that were logged by this call.
  /// Thread: any.
  NumberSet note_unreadable(const AccountId& account, const Mailbox& mailbox,
                            const Unreadable& unreadable);

  struct CheckReport {
    std::uint64_t accounts = 0;
    std::uint64_t mailboxes = 0;
    std::uint64_t messages = 0;
    std::vector<std::string> findings;  ///< One sentence per finding; empty if there is none.
    std::vector<std::string> repaired;  ///< The findings that were repaired, one sentence each.
  };
  enum class Repair : std::uint8_t {
    nothing,
    mailboxes,  ///< Mailboxes whose rows do not match their head, or cannot all be read.
  };
  /// Verifies every invariant of the stored data (docs/storage-format.md), and continues after data
  /// it cannot read. `deep` reads every body; otherwise bodies are read only if a file is missing
  /// or has the wrong length. Errors: unavailable.
  async::Task<Result<CheckReport>> check(bool deep, Repair repair = Repair::nothing);

  /// Waits for operations in progress. Later changes return `unavailable`.
  async::Task<void> close();

  /// A random number of this process's own, for claims (store/value/outbox.h) where several
  /// processes may have the store open; 0 elsewhere. Thread: any.
  [[nodiscard]] std::uint64_t node() const;
  /// The processes that have the store open. Thread: any.
  [[nodiscard]] NodeList& nodes() const;
  /// Whether this process does the upkeep of that account (NodeList::owns()). Always so where it is
  /// the only one. Thread: any.
  [[nodiscard]] bool owns(const AccountId& account) const;

  [[nodiscard]] engine::Engine& engine() const;
  [[nodiscard]] const Clock& clock() const;
  [[nodiscard]] const StoreOptions& options() const;
  [[nodiscard]] async::OffloadPool& offload() const;
  /// Turns of accounts for work on offload() that takes long, such as searches: half of the pool's
  /// threads, so that the others are free for reads. Thread: any.
  [[nodiscard]] async::Shares& long_work() const;
  [[nodiscard]] StorePolicy policy() const;
  /// Takes effect with the next sweep and the next new account.
  /// Thread: any.
  void set_policy(const StorePolicy& policy);

  /// The key that names an account's pieces. Accounts that share pieces have the same key. Errors:
  /// not_found, io.
  async::Task<Result<std::string>> piece_key(const AccountId& account);

  struct State;
  [[nodiscard]] State& state() { return *state_; }

 private:
  Store();
  async::Task<Result<AccountPtr>> account_at_home(AccountId id, std::size_t home);
  async::Task<Result<AccountId>> create(AccountProfile profile, Quota quota);
  friend class Account;
  /// Records that the account changed today, for the sweep after the horizon.
  void note_due(const AccountId& id);
  void tell_outbox(const AccountId& id);
  /// Removes accounts that have not sent anything for a day from the queue's list.
  async::Task<Status> forget_empty_outboxes();
  /// Closes unused accounts, beyond the limits in the options.
  async::Task<void> trim();
  friend class StoreCheck;
  /// `edit` returns whether there is something to store; it changes the version if it has to. It
  /// runs again if another process has changed the account.
  async::Task<Status> edit_profile(AccountId id, std::function<Result<bool>(AccountProfile&)> edit);

  std::unique_ptr<State> state_;
};

}  // namespace posthorn::store
