#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/number_set.h"
#include "base/result.h"
#include "store/value/account_state.h"
#include "store/value/email.h"

namespace posthorn::store {

class ChangeWriter;
struct MailboxDamage;

enum class FlagOperation : std::uint8_t { replace, add, remove };

/// One message in the target of a COPY or MOVE, or appended.
struct UidPair {
  Uid source;
  Uid target;
};

struct StoreOutcome {
  NumberSet modified;  ///< UIDs left alone because their MODSEQ is above `unchanged_since`.
  NumberSet missing;   ///< UIDs asked for that are no longer there.
  NumberSet raced;     ///< UIDs stored whose MODSEQ was above `told` before.
  std::uint32_t changed = 0;
};

struct NewMailbox {
  std::string name;
  SpecialUses special_use = 0;
  bool subscribe = false;
};

/// A change being computed: a draft of the account's next state. Given to the function passed to
/// Account::change, which may be run again from a newer state: it must only read the draft and
/// assign (not add to) what it captured.
///
/// Every operation judges the newest state, checks everything first and then cannot fail half-way;
/// a refused change leaves nothing behind.
class Change {
 public:
  Change(StatePtr base, Timestamp now);
  ~Change();
  Change(const Change&) = delete;
  Change& operator=(const Change&) = delete;

  /// The draft so far.
  [[nodiscard]] const AccountState& state() const { return draft_; }
  /// What every row written by this change gets as MODSEQ.
  [[nodiscard]] ModSeq modseq() const { return ModSeq(draft_.seq.value); }

  // --- mailboxes -------------------------------------------------------------------------------
  /// Makes the parents too (RFC 9051 §6.3.4). Errors: already_exists, bad_argument, limit.
  Result<MailboxId> create_mailbox(const NewMailbox& wanted);
  /// Requires its contents. Its messages are expunged with it; children stay (RFC 9051 §6.3.5).
  /// Errors: not_found, bad_argument (INBOX).
  Status delete_mailbox(std::string_view name);
  /// The tree below comes along; renaming INBOX moves its messages into a new mailbox and leaves
  /// INBOX's children (RFC 9051 §6.3.6; needs INBOX's contents). Errors: not_found, already_exists,
  /// bad_argument.
  Status rename_mailbox(std::string_view from, std::string_view to);
  /// Names need not exist (RFC 9051 §6.3.7). Returns whether anything changed.
  Result<bool> subscribe(std::string_view name);
  Result<bool> unsubscribe(std::string_view name);
  void set_special_use(MailboxId mailbox, SpecialUses uses);
  /// Requires its contents, read as far as they can be (store/load_readable.h). Writes all of the
  /// mailbox anew where `damage` says that something of it cannot be read, and its head and the
  /// account's counts in any case. UIDs, MODSEQs of messages and UIDVALIDITY stay; UIDNEXT and
  /// HIGHESTMODSEQ never become less. Errors: not_found.
  Status rebuild_mailbox(MailboxId mailbox, const MailboxDamage& damage);
  void set_quota(const Quota& quota);
  /// The row beside the mail (store.h); the newest of several in one change counts.
  void set_profile(std::string encoded) {
    profile_ = std::move(encoded);
    settings_changed_ = true;
  }

  // --- sending ---------------------------------------------------------------------------------
  /// Takes a message into no mailbox, for an outbox entry to name. Not counted against the quota.
  /// Errors: too_big.
  Result<Ordinal> keep_email(const NewEmail& email);
  /// What append() or keep_email() named last in this change.
  [[nodiscard]] Ordinal newest_email() const {
    return Ordinal(draft_.counters.next_ordinal.value - 1);
  }
  /// One entry a change; `id` and `page` are given here. Its message must be in a mailbox or just
  /// taken in. Errors: limit (kMaxOutboxEntries), bad_argument (no recipients, or too many).
  Result<OutboxId> enqueue(OutboxEntry entry);
  /// Replaces the entry of that id, made from state().outbox; its message cannot change. Errors:
  /// not_found.
  Status update_outbox(OutboxEntry entry);
  /// Its message stays for the horizon, or while something else has it. Errors: not_found.
  Status drop_outbox(OutboxId id);
  /// Made from state().usage.
  void set_usage(SendingUsage usage);
  void set_sending(SendingSettings settings);
  /// Says that this change is the step asked for; for Account::change_once.
  void set_intent(const IntentId& intent) { draft_.intent = intent; }

  // --- messages --------------------------------------------------------------------------------
  /// Errors: not_found (mailbox), over_quota, limit (keywords, or the mailbox is out of UIDs).
  Result<Uid> append(MailboxId mailbox, const NewEmail& email, const FlagList& flags,
                     Timestamp internal_date);
  /// Requires contents. With `unchanged_since`, messages above it are left alone (RFC 7162 §3.1.3).
  /// `told`: up to where the caller knows flags.
  Result<StoreOutcome> store_flags(MailboxId mailbox, const NumberSet& uids,
                                   FlagOperation operation, const FlagList& flags,
                                   std::optional<ModSeq> unchanged_since,
                                   ModSeq told = ModSeq(UINT64_MAX));
  /// Requires contents. Removes those of `uids` (all, if none given) that have \Deleted.
  Result<NumberSet> expunge_deleted(MailboxId mailbox, const std::optional<NumberSet>& uids);
  /// Requires contents. Removes these, whatever their flags.
  Result<NumberSet> expunge(MailboxId mailbox, const NumberSet& uids);
  /// Requires the source's contents. All or nothing; UIDs no longer there are left out. The target
  /// may be the source. Errors: not_found, over_quota, limit.
  Result<std::vector<UidPair>> copy(MailboxId source, const NumberSet& uids, MailboxId target);
  /// copy() and expunge() in one change (RFC 6851).
  Result<std::vector<UidPair>> move(MailboxId source, const NumberSet& uids, MailboxId target);

 private:
  friend class Account;
  friend class ChangeWriter;
  struct Touched;

  Result<Touched*> touch(MailboxId id);
  Result<Touched*> touch_contents(MailboxId id);
  Result<Touched*> make_mailbox(std::string_view name, SpecialUses uses);
  Status make_parents(std::string_view name);
  [[nodiscard]] Status check_room(std::uint64_t bytes, std::uint64_t messages) const;
  Result<std::uint32_t> intern(Touched& target, const std::vector<std::string>& keywords);
  void place(Touched& target, const std::vector<std::pair<Member, FlagState>>& rows);
  void remove(Touched& source, const std::vector<std::uint32_t>& positions);
  Result<std::vector<UidPair>> copy_positions(Touched& source, Touched& target,
                                              const std::vector<std::uint32_t>& positions);
  Status rename_inbox(std::string_view to);
  AccountState::Names& names();
  AccountState::Subscriptions& subscriptions();
  Outbox& outbox();
  Ordinal take_email(const NewEmail& email);

  StatePtr base_;
  AccountState draft_;
  Timestamp now_;
  std::shared_ptr<AccountState::Names> own_names_;
  std::shared_ptr<AccountState::Subscriptions> own_subscriptions_;
  std::map<MailboxId, std::unique_ptr<Touched>> touched_;
  std::vector<std::pair<Ordinal, NewEmail>> emails_;
  std::vector<std::string> subscribed_;
  std::vector<std::string> unsubscribed_;
  std::string profile_;
  bool settings_changed_ = false;
  std::shared_ptr<Outbox> own_outbox_;
  std::set<OutboxId> outbox_changed_;  ///< Queued, updated or dropped.
  std::vector<Ordinal> released_;      ///< Messages that no outbox entry names any more.
  bool usage_changed_ = false;
  bool sending_changed_ = false;
};

}  // namespace posthorn::store
