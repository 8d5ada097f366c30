#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "async/task.h"
#include "base/ids.h"
#include "base/result.h"
#include "store/account.h"
#include "store/value/actor.h"
#include "store/value/flags_view.h"
#include "store/value/mailbox.h"
#include "store/value/rights.h"
#include "store/value/sharing_policy.h"

/// From a mailbox's name to the mailbox, in one place. The operations of this layer take what
/// resolve() or find_mailbox() returned, so that whose mailbox it is and what may be done to it is
/// judged once, where the name is understood.
namespace posthorn::service {

using store::Right;
using store::Rights;

/// Who asks for an operation: the account in whose names the request is written, and who is
/// recorded as making the change.
struct Caller {
  store::AccountPtr account;
  store::Actor actor;
  /// The name that the user has logged in with, which decides about groups; null: no groups.
  std::shared_ptr<const std::string> login = {};

  /// The owner of an account, logged in over a connection (net::Stream::id(); 0: none).
  static Caller owner(store::AccountPtr account, std::uint64_t session = 0);
  /// An administrator, who works on that account.
  static Caller administrator(store::AccountPtr account, std::uint64_t session = 0);
};

/// A mailbox that somebody has named: where it is, who asked, and what that person may do there.
struct MailboxRef {
  store::AccountPtr account;  ///< The account that the mailbox belongs to, not of who asks.
  MailboxId id;
  store::Actor actor;
  Rights rights;

  /// The mailbox as now published, which may have no contents; null if it no longer exists.
  [[nodiscard]] store::MailboxPtr published() const;
  /// Returns whether this is the mailbox of removed messages (store/removed/removed_mailbox.h). It
  /// is in no state of the account, and its head has no counts unless it has contents.
  [[nodiscard]] bool shows_removed() const;
  /// The flags of a version of this mailbox as the one who asked sees them.
  [[nodiscard]] store::FlagsView flags(const store::Mailbox& version) const {
    return {version, actor, account->id()};
  }
  [[nodiscard]] bool is(const MailboxRef& other) const {
    return id == other.id && account->id() == other.account->id();
  }
  /// Returns whether it belongs to somebody else than the user who asked.
  [[nodiscard]] bool is_foreign() const {
    return actor.kind == store::Actor::Kind::user && actor.account != account->id();
  }
};

/// What its owner may do with the mailbox of removed messages. Besides, transfer() moves messages
/// out of it.
inline constexpr Rights kRemovedRights = {Right::lookup, Right::read};

/// The rights that nobody can take from the owner of a mailbox (RFC 4314 §2.1.1, §3.3).
inline constexpr Rights kOwnersRights = {Right::lookup, Right::create_below, Right::remove,
                                         Right::administer};

/// Returns what the caller may do with a mailbox of the account whose state this is: what `anyone`,
/// the caller's groups and the caller are given, without what is taken from them (RFC 4314 §2).
/// Every judgement of rights begins here.
Rights rights_of(const Caller& caller, const store::AccountState& state,
                 const store::SharingPolicy& policy, MailboxId mailbox);
/// The same for a mailbox that was found before. Rights may have been granted and taken since.
Rights rights_now(const Caller& caller, const MailboxRef& mailbox);

/// Returns the mailbox of the caller's own account that a name stands for, also that of removed
/// messages if the caller is the owner and it is shown. Users can also name mailboxes of others:
/// find_mailbox() in service/sharing/find.h. Errors: not_found.
/// Thread: any.
Result<MailboxRef> resolve(const Caller& caller, std::string_view name);

/// The mailbox in which a user sees what was removed from the account; null if there is none, which
/// is so for everybody but the owner.
store::MailboxPtr removed_mailbox(const Caller& caller);
/// Returns whether it has that name.
bool is_removed_mailbox(const Caller& caller, std::string_view name);

/// Checks a right. The answer for a mailbox that the user may not know of is the same as for one
/// that does not exist (RFC 4314 §6). Errors: not_found; no_permission, with a text for the client.
Status require(const MailboxRef& mailbox, Right right);
/// The same, if one of several rights is enough.
Status require_any(const MailboxRef& mailbox, Rights rights);

/// The error for names of mailboxes that do not exist, or that the user may not know of.
std::unexpected<Error> no_such_mailbox();

/// Returns the published version of the mailbox, with its contents loaded. Errors: not_found, io,
/// corrupt.
async::Task<Result<store::MailboxPtr>> newest(MailboxRef mailbox);

}  // namespace posthorn::service
