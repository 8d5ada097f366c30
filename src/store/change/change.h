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
#include "store/value/actor.h"
#include "store/value/email.h"

namespace posthorn::store {

class ChangeWriter;
struct MailboxDamage;
struct MoveOut;

enum class FlagOperation : std::uint8_t { replace, add, remove };

/// The UIDs of one message in the source and the target of a COPY or MOVE.
struct UidPair {
  Uid source;
  Uid target;
};

struct StoreOutcome {
  NumberSet modified;  ///< UIDs left unchanged because their MODSEQ is above `unchanged_since`.
  NumberSet missing;   ///< Requested UIDs that no longer exist.
  NumberSet raced;     ///< UIDs changed whose MODSEQ was above `told` before.
  std::uint32_t changed = 0;
};

/// A message that was removed from a mailbox, and whose content is still stored.
struct RemovedMessage {
  Member member;
  FlagList flags;
};

/// The flags that a change of flags may touch; all others stay as they are.
struct FlagMask {
  SystemFlags system = kAllSystemFlags;
  bool keywords = true;
};

struct NewMailbox {
  std::string name;
  SpecialUses special_use = 0;
  bool subscribe = false;
};

/// A change being computed: a draft of the account's next state. It is passed to the function given
/// to Account::change, which may run it again from a newer state.
///
/// Every operation judges the newest state and checks everything first, so that it cannot fail
/// half-way. A refused change has no effect.
class Change {
 public:
  Change(StatePtr base, Timestamp now, Actor by);
  ~Change();
  Change(const Change&) = delete;
  Change& operator=(const Change&) = delete;

  /// The draft including the operations so far.
  [[nodiscard]] const AccountState& state() const { return draft_; }
  /// Who makes this change.
  [[nodiscard]] const Actor& by() const { return by_; }
  /// The MODSEQ of every row that this change writes.
  [[nodiscard]] ModSeq modseq() const { return ModSeq(draft_.seq.value); }

  // --- mailboxes -------------------------------------------------------------------------------
  /// Creates missing parents too (RFC 9051 §6.3.4). Errors: already_exists, bad_argument, limit.
  Result<MailboxId> create_mailbox(const NewMailbox& wanted);
  /// Requires: the mailbox has its contents. Expunges its messages; children remain (RFC 9051
  /// §6.3.5). Errors: not_found, bad_argument (INBOX).
  Status delete_mailbox(std::string_view name);
  /// Renames the mailbox and the tree below it. Renaming INBOX moves its messages into a new
  /// mailbox and leaves INBOX's children in place (RFC 9051 §6.3.6; requires INBOX's contents).
  /// Errors: not_found, already_exists, bad_argument.
  Status rename_mailbox(std::string_view from, std::string_view to);
  /// The name need not exist (RFC 9051 §6.3.7). Returns whether anything changed.
  Result<bool> subscribe(std::string_view name);
  Result<bool> unsubscribe(std::string_view name);
  void set_special_use(MailboxId mailbox, SpecialUses uses);
  /// Sets or, without a value, removes an annotation. The mailbox's HIGHESTMODSEQ rises if that
  /// changes something (RFC 7162 §3.2). One that says which flags are shared
  /// (value/sharing_entries.h) requires the mailbox's contents. Errors: not_found (mailbox),
  /// too_big (the value), limit, bad_argument (a value that the entry cannot have).
  Status set_annotation(const AnnotationKey& key, std::optional<std::string> value);
  /// Sets or, without a value, removes an entry of a mailbox's access control list. Errors:
  /// not_found (mailbox), limit.
  Status set_grant(const GrantKey& key, std::optional<Grant> grant);
  /// Rewrites the mailbox's head and the account's counts and, if `damage` reports unreadable data,
  /// all of the mailbox. Requires its contents, read as far as possible
  /// (store/read/load_readable.h). UIDs, MODSEQs of messages and UIDVALIDITY stay; UIDNEXT and
  /// HIGHESTMODSEQ never decrease. Errors: not_found.
  Status rebuild_mailbox(MailboxId mailbox, const MailboxDamage& damage);
  void set_quota(const Quota& quota);
  /// Sets the profile row (AccountProfile in store.h). If called several times in a change, the
  /// last call counts.
  void set_profile(std::string encoded) {
    profile_ = std::move(encoded);
    settings_changed_ = true;
  }

  // --- sending ---------------------------------------------------------------------------------
  /// Stores a message without a mailbox, for an outbox entry to name. Does not count against the
  /// quota. Errors: too_big.
  Result<Ordinal> keep_email(const NewEmail& email);
  /// The message most recently stored by append() or keep_email() in this change.
  [[nodiscard]] Ordinal newest_email() const {
    return Ordinal(draft_.counters.next_ordinal.value - 1);
  }
  /// Queues an entry, at most one per change; `id` and `page` are assigned here. Its message must
  /// be in a mailbox or stored by this change. Errors: limit (kMaxOutboxEntries), bad_argument (no
  /// recipients, or too many).
  Result<OutboxId> enqueue(OutboxEntry entry);
  /// Replaces the entry with that id. The new entry must be derived from state().outbox; its
  /// message cannot change. Errors: not_found.
  Status update_outbox(OutboxEntry entry);
  /// Removes an entry. Its message is kept until the horizon, or while something else names it.
  /// Errors: not_found.
  Status drop_outbox(OutboxId id);
  /// The new value must be derived from state().usage.
  void set_usage(SendingUsage usage);
  void set_sending(SendingSettings settings);
  /// Marks this change as the requested step; for Account::change_once.
  void set_intent(const IntentId& intent) { draft_.intent = intent; }
  /// What enqueue() adds is claimed by this process (Store::node()), so that it needs no further
  /// commit for that. 0: nothing is claimed.
  void set_node(std::uint64_t node) { node_ = node; }

  // --- messages --------------------------------------------------------------------------------
  /// Errors: not_found (mailbox), over_quota, limit (keywords, or the mailbox has no UIDs left).
  Result<Uid> append(MailboxId mailbox, const NewEmail& email, const FlagList& flags,
                     Timestamp internal_date);
  struct Replacement {
    MailboxId source;
    Uid replaced;
    MailboxId target;
  };
  /// append() to the target and expunge() of one message of the source, which may be the same
  /// mailbox. Only what the account grows by counts against the quota (RFC 8508 §3.4). Requires:
  /// the source's contents. Returns 0, and changes nothing, if there is no message to replace.
  /// Errors: as append().
  Result<Uid> replace(const Replacement& what, const NewEmail& email, const FlagList& flags,
                      Timestamp internal_date);
  /// Requires: contents. With `unchanged_since`, messages with a higher MODSEQ are left unchanged
  /// (RFC 7162 §3.1.3). `told` is the MODSEQ up to which the caller knows the flags. In a shared
  /// mailbox, MODSEQ and the flags that are everybody's own are those of the user who makes the
  /// change.
  Result<StoreOutcome> store_flags(MailboxId mailbox, const NumberSet& uids,
                                   FlagOperation operation, const FlagList& flags,
                                   std::optional<ModSeq> unchanged_since,
                                   ModSeq told = ModSeq(UINT64_MAX), const FlagMask& mask = {});
  /// Requires: contents. Removes those of `uids` (without a value: of all messages) that have
  /// \Deleted.
  Result<NumberSet> expunge_deleted(MailboxId mailbox, const std::optional<NumberSet>& uids);
  /// Requires: contents. Removes these messages, whatever their flags.
  Result<NumberSet> expunge(MailboxId mailbox, const NumberSet& uids);
  /// Requires: the source's contents. Copies all messages or none; UIDs that no longer exist are
  /// skipped. The target may be the source. Errors: not_found, over_quota, limit.
  /// Of the flags, the copies get those in `mask`.
  Result<std::vector<UidPair>> copy(MailboxId source, const NumberSet& uids, MailboxId target,
                                    const FlagMask& mask = {});
  /// copy() and expunge() in one change (RFC 6851).
  Result<std::vector<UidPair>> move(MailboxId source, const NumberSet& uids, MailboxId target,
                                    const FlagMask& mask = {});

  // --- moves to other accounts (value/move_out.h) ----------------------------------------------
  /// Notes that messages of a mailbox are about to be stored in another account. Its id is assigned
  /// here, and returned. Requires: at most MoveOut::kMostUids messages.
  Seq begin_move(const MoveOut& move);
  /// Removes that note: the messages are removed by this change too, or will not be.
  void end_move(Seq id);

  /// Puts removed messages back, all or none. They keep INTERNALDATE and identity, and get new
  /// UIDs, since clients take the old ones for gone. Errors: not_found, over_quota, limit.
  Status restore(MailboxId mailbox, const std::vector<RemovedMessage>& messages);
  /// Returns whether this change puts messages back that no mailbox had.
  [[nodiscard]] bool restores() const { return restores_; }

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
  /// append(), whatever the quota is.
  Result<Uid> add(Touched& target, const NewEmail& email, const FlagList& flags,
                  Timestamp internal_date);
  Status rename_inbox(std::string_view to);
  Result<std::vector<UidPair>> move_positions(Touched& source, Touched& target,
                                              const std::vector<std::uint32_t>& positions,
                                              const FlagMask& mask = {});
  /// How copies get their flags: these as they are stored, and of all others those in `mask`, as
  /// the one who copies sees them.
  struct CopyFlags {
    OwnFlags as_stored = {};
    FlagMask mask = {};
  };
  Result<std::vector<UidPair>> copy_rows(Touched& source, Touched& target,
                                         const std::vector<std::uint32_t>& positions,
                                         const CopyFlags& how);
  void place_as(Touched& target, std::vector<std::pair<Member, FlagState>> rows);

  // Sharing (change_sharing.cc).
  /// A message that was moved, with its flags as they were stored.
  struct Carried {
    Uid source;
    Uid target;
    FlagState stored;
  };
  Grants& grants();
  void drop_grants(MailboxId mailbox);
  void inherit_grants(Touched& created);
  /// Whose own flags it is that this change sees and sets.
  [[nodiscard]] AccountId viewer() const;
  [[nodiscard]] OwnFlags own_flags(const Touched& mailbox) const;
  void inherit_sharing(MailboxId parent, MailboxId created);
  /// Makes these flags, as the owner sees them, those of all.
  Status merge_flags(Touched& mailbox, const OwnFlags& shared);
  [[nodiscard]] static const ReaderFlags* flags_of(const Touched& mailbox, const AccountId& reader);
  static ReaderFlags& edit_flags(Touched& mailbox, const AccountId& reader);
  void set_own(Touched& mailbox, const AccountId& reader, const OwnFlagsEdit& edit);
  static void forget_flags(Touched& mailbox, const NumberSet& gone);
  static void forget_missing(Touched& mailbox);
  /// Gives everybody the same own flags of moved messages as before.
  void carry_flags(const Touched& from, Touched& to, const std::vector<Carried>& moved);
  [[nodiscard]] OwnFlagsEdit carried_flags(const Touched& from, Touched& to,
                                           const ReaderFlags& reader,
                                           const std::vector<Carried>& moved);
  AccountState::Names& names();
  AccountState::Subscriptions& subscriptions();
  Annotations& annotations();
  void drop_annotations(MailboxId mailbox);
  void copy_annotations(MailboxId from, MailboxId to);
  Outbox& outbox();
  Ordinal take_email(const NewEmail& email);

  StatePtr base_;
  AccountState draft_;
  Timestamp now_;
  std::uint64_t node_ = 0;
  Actor by_;
  std::shared_ptr<AccountState::Names> own_names_;
  std::shared_ptr<AccountState::Subscriptions> own_subscriptions_;
  std::shared_ptr<Annotations> own_annotations_;
  std::map<MailboxId, std::unique_ptr<Touched>> touched_;
  std::vector<std::pair<Ordinal, NewEmail>> emails_;
  std::vector<std::string> subscribed_;
  std::vector<std::string> unsubscribed_;
  std::set<AnnotationKey> annotated_;  ///< Annotations set or removed.
  std::shared_ptr<Grants> own_grants_;
  std::set<GrantKey> granted_;  ///< Entries of access control lists set or removed.
  std::string profile_;
  bool settings_changed_ = false;
  std::shared_ptr<Outbox> own_outbox_;
  std::set<OutboxId> outbox_changed_;  ///< Entries queued, updated or dropped.
  std::vector<Ordinal> released_;      ///< Messages that are no longer named by an outbox entry.
  bool restores_ = false;
  bool usage_changed_ = false;
  bool sending_changed_ = false;
  /// Notes of moves: new, or (none) to be removed.
  std::vector<std::pair<Seq, std::shared_ptr<const MoveOut>>> moves_;
};

}  // namespace posthorn::store
