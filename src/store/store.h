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

namespace posthorn::async {
class LoopPool;
class OffloadPool;
}  // namespace posthorn::async

namespace posthorn::store {

/// What may change while the store is open.
struct StorePolicy {
  std::int64_t horizon_seconds = 30 * 86400;  ///< How long history and expunged rows are kept.
  /// How long the content of expunged messages is; the horizon, if that is less.
  std::int64_t content_seconds = 30 * 86400;
  Quota default_quota;  ///< Of accounts made without one of their own.
};

/// Among whom equal pieces are stored once.
enum class PieceSharing : std::uint8_t { server, domain, account };

struct StoreOptions {
  std::uint64_t page_cache_bytes =
      defaults::kCacheOctets / 2;  ///< Decoded pages of digests and pieces.
  std::uint64_t contents_budget_bytes =
      defaults::kVersionMemoryOctets;                 ///< Mailbox contents no session uses.
  std::uint32_t open_accounts = 1000;                 ///< Accounts nobody uses that stay open.
  std::int64_t sweep_grace_seconds = 86400;           ///< Before an unused piece may be erased.
  PieceSharing piece_sharing = PieceSharing::server;  ///< For what is stored from now on.
  StorePolicy policy;
};

/// What an address or login name leads to.
struct AddressEntry {
  AccountId account;
  bool alias = false;  ///< Delivers, but does not log in.
};

/// What the store keeps about an account beside its mail.
struct AccountProfile {
  std::string name;         ///< The login name it was made with, normalised.
  std::string credentials;  ///< auth/credentials.h, encoded. Empty: no password is right.
  bool disabled = false;    ///< Neither login nor delivery.
  std::int64_t created = 0;
  std::uint64_t version = 0;  ///< Changes with every change of credentials or `disabled`.
};

/// All accounts on one engine.
class Store {
 public:
  /// The pools and the engine must outlive the store. Errors: io; not_supported when the data was
  /// written by a newer version.
  static Result<std::unique_ptr<Store>> open(engine::Engine& engine, async::LoopPool& loops,
                                             async::OffloadPool& offload, const Clock& clock,
                                             const StoreOptions& options);
  ~Store();

  /// Opens the account if it is not open. Errors: not_found, corrupt, io. Thread: any loop.
  async::Task<Result<AccountPtr>> account(const AccountId& id);

  // --- directory: names are addresses, compared in lower case ------------------------------------
  async::Task<Result<std::optional<AddressEntry>>> find_address(std::string_view name);
  async::Task<Result<AccountProfile>> profile(const AccountId& id);
  /// With INBOX, Sent, Drafts, Trash, Junk and Archive, subscribed, with their special-use. Errors:
  /// already_exists, bad_argument.
  async::Task<Result<AccountId>> create_account(std::string_view name, std::string credentials,
                                                const Quota& quota);
  async::Task<Status> set_credentials(const AccountId& id, std::string credentials);
  async::Task<Status> set_disabled(const AccountId& id, bool disabled);
  async::Task<Status> add_alias(std::string_view alias, const AccountId& id);
  async::Task<Status> remove_alias(std::string_view alias);
  /// Its addresses go at once; the mail goes with the sweeper.
  async::Task<Status> remove_account(const AccountId& id);
  struct Listed {
    std::string address;
    AddressEntry entry;
  };
  /// Ascending by address, at most `limit` above `after`.
  async::Task<Result<std::vector<Listed>>> list_addresses(std::string_view after,
                                                          std::size_t limit);

  // --- sending ---------------------------------------------------------------------------------
  /// Every account whose outbox has entries, and some that had lately: where to look after a start.
  async::Task<Result<std::vector<AccountId>>> accounts_with_outbox();
  /// Called after each published change of an account's outbox, on the account's home loop, so it
  /// must be short. Replaces the one before; what runs just now is not waited for. Thread: any.
  void on_outbox(std::function<void(const AccountId&)> listener);

  /// Packs tails, drops what is past the horizon, erases unused pieces: one round. Called from time
  /// to time by the program; tests call it.
  async::Task<Status> sweep();

  /// Says in the log, once a day for each message, that these cannot be read (store/damage_log.h).
  /// Returns those said just now. Thread: any.
  NumberSet note_unreadable(const AccountId& account, const Mailbox& mailbox,
                            const Unreadable& unreadable);

  struct CheckReport {
    std::uint64_t accounts = 0;
    std::uint64_t mailboxes = 0;
    std::uint64_t messages = 0;
    std::vector<std::string> findings;  ///< One sentence each; empty when all is well.
    std::vector<std::string> repaired;  ///< What was put right of it, one sentence each.
  };
  enum class Repair : std::uint8_t {
    nothing,
    mailboxes,  ///< Those whose rows do not match their head, or cannot all be read.
  };
  /// Verifies every invariant of the stored data (docs/storage-format.md), and goes on behind what
  /// it cannot read. `deep` reads every body; without, they are looked at only when a file is
  /// missing or has another length than it should. Errors: unavailable.
  async::Task<Result<CheckReport>> check(bool deep, Repair repair = Repair::nothing);

  /// Waits for what is under way; changes later get `unavailable`.
  async::Task<void> close();

  [[nodiscard]] engine::Engine& engine() const;
  [[nodiscard]] const Clock& clock() const;
  [[nodiscard]] const StoreOptions& options() const;
  [[nodiscard]] async::OffloadPool& offload() const;
  [[nodiscard]] StorePolicy policy() const;
  /// From the next sweep and the next new account on. Thread: any.
  void set_policy(const StorePolicy& policy);

  /// What the names of an account's pieces are hashed with: equal for those who share. Errors:
  /// not_found, io.
  async::Task<Result<std::string>> piece_key(const AccountId& account);

  struct State;
  [[nodiscard]] State& state() { return *state_; }

 private:
  Store();
  async::Task<Result<AccountPtr>> account_at_home(AccountId id, std::size_t home);
  friend class Account;
  /// Remembers that the account changed today, for the sweep after the horizon.
  void note_due(const AccountId& id);
  void tell_outbox(const AccountId& id);
  /// Takes accounts that have sent nothing for a day off the queue's list.
  async::Task<Status> forget_empty_outboxes();
  /// Closes accounts nobody uses, beyond the limits of the options.
  async::Task<void> trim();
  friend class StoreCheck;
  async::Task<Status> edit_profile(AccountId id, std::function<void(AccountProfile&)> edit);

  std::unique_ptr<State> state_;
};

}  // namespace posthorn::store
