#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "async/task.h"
#include "base/ids.h"
#include "base/result.h"
#include "store/account.h"
#include "store/value/actor.h"
#include "store/value/flags_view.h"
#include "store/value/mailbox.h"

/// From a mailbox's name to the mailbox, in one place. The operations of this layer take what
/// resolve() returned, so that whose mailbox it is and what may be done to it is judged once, where
/// the name is understood.
namespace posthorn::service {

/// What a user may do with a mailbox (RFC 4314 §2.1, whose letter stands beside each).
enum class Right : std::uint16_t {
  lookup = 1 << 0,           ///< l: see its name
  read = 1 << 1,             ///< r: select it, read its messages
  keep_seen = 1 << 2,        ///< s: set and clear \Seen
  write = 1 << 3,            ///< w: set and clear other flags, except \Deleted
  insert = 1 << 4,           ///< i: append and copy into it
  post = 1 << 5,             ///< p: send mail to its address
  create_below = 1 << 6,     ///< k: create mailboxes below it
  remove = 1 << 7,           ///< x: delete or rename it
  delete_messages = 1 << 8,  ///< t: set and clear \Deleted
  expunge = 1 << 9,          ///< e: expunge messages
  administer = 1 << 10,      ///< a: change the rights on it
};

/// A set of rights.
class Rights {
 public:
  Rights() = default;
  Rights(std::initializer_list<Right> rights) {
    for (const Right right : rights) bits_ |= static_cast<std::uint16_t>(right);
  }
  static Rights all() {
    Rights rights;
    rights.bits_ = (1 << 11) - 1;
    return rights;
  }
  [[nodiscard]] bool has(Right right) const {
    return (bits_ & static_cast<std::uint16_t>(right)) != 0;
  }
  friend bool operator==(const Rights&, const Rights&) = default;

 private:
  std::uint16_t bits_ = 0;
};

/// Who asks for an operation: the account in whose names the request is written, and who is
/// recorded as making the change.
struct Caller {
  store::AccountPtr account;
  store::Actor actor;

  /// The owner of an account, logged in.
  static Caller owner(store::AccountPtr account);
  /// An administrator, who works on that account.
  static Caller administrator(store::AccountPtr account);
};

/// A mailbox that somebody has named: where it is, who asked, and what that person may do there.
struct MailboxRef {
  store::AccountPtr account;  ///< The account that the mailbox belongs to, not of who asks.
  MailboxId id;
  store::Actor actor;
  Rights rights;

  /// The mailbox as now published, which may have no contents; null if it no longer exists.
  [[nodiscard]] store::MailboxPtr published() const { return account->published()->find(id); }
  /// The flags of a version of this mailbox as the one who asked sees them.
  [[nodiscard]] store::FlagsView flags(const store::Mailbox& version) const {
    return {version, actor};
  }
  [[nodiscard]] bool is(const MailboxRef& other) const {
    return id == other.id && account->id() == other.account->id();
  }
};

/// Returns the mailbox that a name stands for. The only place where names of mailboxes are given a
/// meaning. Errors: not_found, also if the caller may not know that the mailbox exists.
/// Thread: any.
Result<MailboxRef> resolve(const Caller& caller, std::string_view name);

/// Returns the account in which a mailbox is, or would be once it is created. Errors: not_found, as
/// for resolve(), if the caller may not know of that account.
/// Thread: any.
Result<store::AccountPtr> account_for(const Caller& caller, std::string_view name);

/// Errors: no_permission, with a text for the client, if the right is missing.
Status require(const MailboxRef& mailbox, Right right);

/// Returns the published version of the mailbox, with its contents loaded. Errors: not_found, io,
/// corrupt.
async::Task<Result<store::MailboxPtr>> newest(MailboxRef mailbox);

}  // namespace posthorn::service
