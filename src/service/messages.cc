#include "service/messages.h"

#include <utility>

#include "service/bring_back.h"
#include "service/sending/filed_copies.h"
#include "service/sharing/move_across.h"
#include "service/sharing/transfer_across.h"
#include "store/low_space.h"

namespace posthorn::service {

using async::Task;
using store::Change;
using store::ChangeWeight;

namespace {

/// A change of very many messages runs outside the network threads.
ChangeWeight weight_of(std::uint64_t messages) {
  return messages > 5000 ? ChangeWeight::heavy : ChangeWeight::light;
}

}  // namespace

SystemFlags flags_to_change(Rights rights) {
  constexpr SystemFlags kSeen = bit(SystemFlag::seen);
  constexpr SystemFlags kDeleted = bit(SystemFlag::deleted);
  SystemFlags flags = 0;
  if (rights.has(Right::keep_seen)) flags |= kSeen;
  if (rights.has(Right::delete_messages)) flags |= kDeleted;
  if (rights.has(Right::write))
    flags |= static_cast<SystemFlags>(kAllSystemFlags & ~(kSeen | kDeleted));
  return flags;
}

bool keep_allowed_flags(FlagList& flags, Rights rights) {
  const auto system = static_cast<SystemFlags>(flags.system & flags_to_change(rights));
  const bool keywords = flags.keywords.empty() || rights.has(Right::write);
  const bool all = system == flags.system && keywords;
  flags.system = system;
  if (!keywords) flags.keywords.clear();
  return all;
}

namespace {

/// RFC 4314 §4: judged by the flags that are named, also if they are to replace all.
Status may_store(const FlagsToStore& what) {
  const Rights rights = what.mailbox.rights;
  if (what.flags.system == 0 && what.flags.keywords.empty()) return {};
  FlagList allowed = what.flags;
  if (keep_allowed_flags(allowed, rights) || allowed.system != 0 || !allowed.keywords.empty())
    return {};
  Rights needed;
  const SystemFlags named = what.flags.system;
  for (const Right right : {Right::keep_seen, Right::delete_messages, Right::write})
    if ((named & flags_to_change({right})) != 0) needed = needed.with({right});
  if (!what.flags.keywords.empty()) needed = needed.with({Right::write});
  return require_any(what.mailbox, needed);
}

}  // namespace

Task<Result<FlagsStored>> store_flags(FlagsToStore what) {
  if (Status allowed = may_store(what); !allowed) co_return pass(allowed);
  const Rights rights = what.mailbox.rights;
  const store::FlagMask mask{flags_to_change(rights), rights.has(Right::write)};
  const bool partly = !keep_allowed_flags(what.flags, rights);
  const auto function = [&](Change& change) -> Result<FlagsStored> {
    auto outcome = change.store_flags(what.mailbox.id, what.uids, what.operation, what.flags,
                                      what.unchanged_since, what.told, mask);
    if (!outcome) return pass(outcome);
    return FlagsStored{std::move(*outcome), partly, change.modseq()};
  };
  auto stored = co_await what.mailbox.account->change(what.mailbox.actor, {what.mailbox.id},
                                                      function, weight_of(what.uids.count()));
  if (!stored) co_return pass(stored);
  stored->value.changed = stored->changed;
  co_return std::move(stored->value);
}

Task<Result<NumberSet>> expunge_deleted(MailboxRef mailbox, std::optional<NumberSet> uids) {
  if (Status allowed = require(mailbox, Right::expunge); !allowed) co_return pass(allowed);
  const store::MailboxPtr now = mailbox.published();
  // CLOSE mostly finds nothing. What a session knows to be deleted is published, so that this need
  // not be computed on the account's loop.
  if (now && now->head.deleted == 0) co_return NumberSet();
  auto gone = co_await mailbox.account->change(
      mailbox.actor, {mailbox.id},
      [&](Change& change) { return change.expunge_deleted(mailbox.id, uids); },
      weight_of(now ? now->head.deleted : 0));
  if (!gone) co_return pass(gone);
  co_return std::move(gone->value);
}

namespace {

Status check_rights(const Transfer& what) {
  if (Status allowed = require(what.source, Right::read); !allowed) return allowed;
  if (Status allowed = require(what.target, Right::insert); !allowed) return allowed;
  if (what.mode == TransferMode::copy) return {};
  // RFC 6851 §4.2.
  if (Status allowed = require(what.source, Right::delete_messages); !allowed) return allowed;
  return require(what.source, Right::expunge);
}

Result<Transferred> run_transfer(Change& change, const Transfer& what) {
  const store::MailboxPtr target = change.state().find(what.target.id);
  if (target == nullptr) return fail(ErrorKind::not_found, "No such mailbox");
  if (change.state().find(what.source.id) == nullptr) {
    // Not `not_found`, which is about the target and makes a client create it.
    return fail(ErrorKind::unavailable, "The selected mailbox was deleted");
  }
  // RFC 4314 §4: flags that the user may not set there are left out.
  const Rights rights = what.target.rights;
  const store::FlagMask mask{flags_to_change(rights), rights.has(Right::write)};
  auto pairs = what.mode == TransferMode::copy
                   ? change.copy(what.source.id, what.uids, target->id, mask)
                   : change.move(what.source.id, what.uids, target->id, mask);
  if (!pairs) return pass(pairs);
  return Transferred{target->head.uid_validity, std::move(*pairs)};
}

}  // namespace

Task<Result<Transferred>> transfer(Transfer what) {
  if (what.source.shows_removed()) co_return co_await bring_back(std::move(what));
  if (Status allowed = check_rights(what); !allowed) co_return pass(allowed);
  if (what.source.account->id() != what.target.account->id())
    co_return co_await transfer_across(std::move(what));
  auto done = co_await what.source.account->change(
      what.target.actor, {what.source.id},
      [&](Change& change) { return run_transfer(change, what); }, weight_of(what.uids.count()));
  if (!done) co_return pass(done);
  done->value.changed = done->changed;
  co_return std::move(done->value);
}

namespace {

/// An append, as a function of the newest state.
class Appending {
 public:
  Appending(const MailboxRef& mailbox, const std::vector<MessageToAppend>& messages, Timestamp now,
            std::chrono::seconds window)
      : mailbox_(mailbox), messages_(messages), now_(now), window_(window) {}

  /// Makes this a replacement. Requires: one message.
  void replace(const Replaced& old) { old_ = &old; }

  /// Looks for a copy that a submission has already filed. Only done for a single message: several
  /// messages get UIDs that are reported in their order (RFC 4315 §3).
  Task<void> look_for_filed() {
    const store::MailboxPtr target = mailbox_.published();
    if (messages_.size() != 1 || !target || !is_for_sent(*target)) co_return;
    filed_ = co_await find_filed_copy(mailbox_.account, target->id, messages_.front().email,
                                      store::FiledCopy::By::submission, window_);
    // The copy that is about to be removed is not one to keep.
    if (filed_ && old_ && filed_->mailbox == old_->mailbox.id && filed_->uid == old_->uid)
      filed_.reset();
  }
  [[nodiscard]] bool may_be_filed() const { return filed_.has_value(); }
  [[nodiscard]] std::vector<MailboxId> needs() const {
    std::vector<MailboxId> needed;
    if (filed_) needed.push_back(filed_->mailbox);
    if (old_) needed.push_back(old_->mailbox.id);
    return needed;
  }

  /// The flags of a message as far as the user may set them there (RFC 4314 §4).
  [[nodiscard]] FlagList flags_of(const MessageToAppend& message) const {
    FlagList flags = message.flags;
    keep_allowed_flags(flags, mailbox_.rights);
    return flags;
  }

  [[nodiscard]] Result<Appended> run(Change& change) const {
    const store::MailboxPtr target = change.state().find(mailbox_.id);
    if (target == nullptr) return fail(ErrorKind::not_found, "No such mailbox");
    Appended done{target->head.uid_validity, target->id, {}};
    // Not `not_found`, which is about the target and makes a client create it.
    if (old_ && change.state().find(old_->mailbox.id) == nullptr)
      return fail(ErrorKind::unavailable, "The selected mailbox was deleted");
    if (filed_ && is_still_there(change.state(), *filed_)) return merge(change, std::move(done));
    for (const MessageToAppend& message : messages_) {
      const Timestamp date = message.internal_date.value_or(now_);
      auto uid = old_ ? change.replace({old_->mailbox.id, old_->uid, target->id}, message.email,
                                       flags_of(message), date)
                      : change.append(target->id, message.email, flags_of(message), date);
      if (!uid) return pass(uid);
      if (*uid == Uid(0)) return done;  // There was nothing to replace.
      done.uids.add(uid->value);
    }
    if (is_for_sent(*target)) note(change, done);
    return done;
  }

 private:
  [[nodiscard]] bool is_for_sent(const store::Mailbox& mailbox) const {
    // Members of a team use its \Sent as theirs.
    const bool is_theirs =
        !mailbox_.is_foreign() || mailbox_.account->published()->sending->team.has_value();
    return window_.count() != 0 && is_theirs &&
           (mailbox.special_use & bit(store::SpecialUse::sent)) != 0;
  }

  Result<Appended> merge(Change& change, Appended done) const {
    if (old_) {
      NumberSet old;
      old.add(old_->uid.value);
      auto gone = change.expunge(old_->mailbox.id, old);
      if (!gone) return pass(gone);
      if (gone->empty()) return done;
    }
    NumberSet uid;
    uid.add(filed_->uid.value);
    auto stored = change.store_flags(filed_->mailbox, uid, store::FlagOperation::add,
                                     flags_of(messages_.front()), std::nullopt);
    if (!stored) return pass(stored);
    done.uids = std::move(uid);
    return done;
  }

  /// Records the message, because the client may submit it later.
  void note(Change& change, const Appended& done) const {
    if (messages_.size() != 1) return;
    // A message with an older date is being moved here, and was not just sent.
    const Timestamp date = messages_.front().internal_date.value_or(now_);
    if (date.seconds < now_.seconds - window_.count()) return;
    store::SendingUsage usage = change.state().usage;
    note_filed_copy(usage,
                    {now_.seconds, message_id_hash(messages_.front().email), done.mailbox,
                     Uid(done.uids.ranges().front().first), change.newest_email(),
                     store::FiledCopy::By::client},
                    window_);
    change.set_usage(std::move(usage));
  }

  const MailboxRef& mailbox_;
  const std::vector<MessageToAppend>& messages_;
  const Timestamp now_;
  const std::chrono::seconds window_;
  const Replaced* old_ = nullptr;
  std::optional<store::FiledCopy> filed_;
};

}  // namespace

Task<Result<Appended>> append(MailboxRef mailbox, std::vector<MessageToAppend> messages,
                              Timestamp now, std::chrono::seconds duplicate_window) {
  if (Status allowed = require(mailbox, Right::insert); !allowed) co_return pass(allowed);
  Appending appending(mailbox, messages, now, duplicate_window);
  co_await appending.look_for_filed();
  auto done = co_await mailbox.account->change(
      mailbox.actor, appending.needs(), [&](Change& change) { return appending.run(change); });
  if (!done) co_return pass(done);
  co_return std::move(done->value);
}

namespace {

/// RFC 8508 §4.1: the rights for STORE of \Deleted, EXPUNGE and APPEND.
Status check_rights(const Replaced& old, const MailboxRef& mailbox) {
  if (Status allowed = require(mailbox, Right::insert); !allowed) return allowed;
  if (Status allowed = require(old.mailbox, Right::delete_messages); !allowed) return allowed;
  return require(old.mailbox, Right::expunge);
}

bool is_across(const Replaced& old, const MailboxRef& mailbox) {
  return old.mailbox.account->id() != mailbox.account->id();
}

/// Returns the UIDVALIDITY of the target and no UIDs.
Result<Appended> nothing_replaced(const MailboxRef& mailbox) {
  const store::MailboxPtr target = mailbox.published();
  if (target == nullptr) return no_such_mailbox();
  return Appended{target->head.uid_validity, target->id, {}};
}

/// Replaces a message by one in a mailbox of another account.
Task<Result<Appended>> replace_across(const Replaced& old, const MailboxRef& mailbox,
                                      const Appending& appending) {
  const auto source = co_await newest(old.mailbox);
  // Not `not_found`, which is about the target and makes a client create it.
  if (!source && source.error().kind == ErrorKind::not_found)
    co_return fail(ErrorKind::unavailable, "The selected mailbox was deleted");
  if (!source) co_return std::unexpected(source.error());
  if (!(*source)->contents->members().position_of(old.uid)) co_return nothing_replaced(mailbox);
  NumberSet uids;
  uids.add(old.uid.value);
  MoveAcross move(old.mailbox, std::move(uids), mailbox);
  if (Status begun = co_await move.begin(); !begun) co_return pass(begun);
  auto done =
      co_await mailbox.account->change(mailbox.actor, appending.needs(), [&](Change& change) {
        move.mark(change);
        return appending.run(change);
      });
  if (!done) {
    co_await move.give_up(done.error());
    co_return pass(done);
  }
  const auto missing = co_await move.remove_originals();
  if (!missing) co_return std::unexpected(missing.error());
  if (missing->empty()) co_return std::move(done->value);
  // Somebody else has removed the old message meanwhile. A copy that a submission has filed stays.
  NumberSet copies = appending.may_be_filed() ? NumberSet() : std::move(done->value.uids);
  if (Status back = co_await move.take_back(std::move(copies)); !back) co_return pass(back);
  co_return nothing_replaced(mailbox);
}

}  // namespace

Task<Result<Appended>> replace(Replaced old, MailboxRef mailbox, MessageToAppend message,
                               Timestamp now, std::chrono::seconds duplicate_window) {
  if (Status allowed = check_rights(old, mailbox); !allowed) co_return pass(allowed);
  std::vector<MessageToAppend> messages;
  messages.push_back(std::move(message));
  Appending appending(mailbox, messages, now, duplicate_window);
  const bool across = is_across(old, mailbox);
  if (!across) appending.replace(old);
  co_await appending.look_for_filed();
  if (across) co_return co_await replace_across(old, mailbox, appending);
  auto done = co_await mailbox.account->change(
      mailbox.actor, appending.needs(), [&](Change& change) { return appending.run(change); });
  if (!done) co_return pass(done);
  co_return std::move(done->value);
}

Status may_replace(const Replaced& old, const MailboxRef& mailbox, std::uint64_t octets) {
  if (mailbox.published() == nullptr) return fail(ErrorKind::not_found, "No such mailbox");
  if (Status allowed = check_rights(old, mailbox); !allowed) return allowed;
  if (Status room = store::may_take_new_mail(mailbox.account->store()); !room) return room;
  // RFC 9208 §4.3: what is freed counts in another account.
  if (is_across(old, mailbox)) return may_append(mailbox, octets);
  const store::MailboxPtr source = old.mailbox.published();
  if (source == nullptr || source->contents == nullptr) return {};
  const auto position = source->contents->members().position_of(old.uid);
  if (!position) return {};
  const std::uint64_t freed = source->contents->members().at(*position).size;
  if (octets > freed && !mailbox.account->published()->counters.has_room(octets - freed, 0))
    return fail(ErrorKind::over_quota, "The message would exceed the quota of the account");
  return {};
}

Status may_append(const MailboxRef& mailbox, std::uint64_t octets, std::size_t messages) {
  if (mailbox.published() == nullptr) return fail(ErrorKind::not_found, "No such mailbox");
  if (Status allowed = require(mailbox, Right::insert); !allowed) return allowed;
  if (Status room = store::may_take_new_mail(mailbox.account->store()); !room) return room;
  // RFC 9208 §4.3.
  if (!mailbox.account->published()->counters.has_room(octets, messages))
    return fail(ErrorKind::over_quota, "The message would exceed the quota of the account");
  return {};
}

}  // namespace posthorn::service
