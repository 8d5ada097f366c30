#pragma once

#include <set>
#include <string>
#include <vector>

#include "async/task.h"
#include "base/result.h"
#include "service/mailbox_ref.h"
#include "service/sharing/shared_name.h"
#include "store/value/account_state.h"

namespace posthorn::store {
struct AccountProfile;
}

/// Finding the mailboxes that a user may use: the own, and those that others share.
namespace posthorn::service {

/// Returns the mailbox that a name stands for, if the caller has one of these rights on it. A
/// mailbox of the caller's own with that name comes before those of others. Errors: not_found, the
/// same whether there is no such mailbox or the caller may not know of it; no_permission; those of
/// opening an account.
async::Task<Result<MailboxRef>> find_mailbox(Caller caller, std::string name, Rights any_of);

/// The namespace in which others see the mailboxes of an account.
SharedSpace space_of(const store::AccountProfile& profile);

/// A place for a mailbox: the account, and the name in it. It may exist.
struct Place {
  store::AccountPtr account;
  std::string name;
  /// What the caller may do with the nearest existing mailbox above it; everything in the own
  /// account.
  Rights above;

  [[nodiscard]] bool is_own(const Caller& caller) const {
    return account->id() == caller.account->id();
  }
};
/// Returns where a mailbox with this name is or would be created. Errors: not_found, if the caller
/// may not know of such a place, and those of opening an account.
async::Task<Result<Place>> place_of(Caller caller, std::string name);

/// The accounts of others that may have granted the caller something. Costs one look into memory.
/// Errors: those of reading the list of who grants what.
async::Task<Result<std::set<AccountId>>> sharers_of(Caller caller);

/// A mailbox that somebody shares with the caller, who may see its name.
struct SharedMailbox {
  std::string name;  ///< As the caller names it.
  MailboxRef mailbox;
  store::MailboxPtr now;
};
struct SharedMailboxes {
  std::vector<SharedMailbox> mailboxes;  ///< Ascending by name.
  /// Prefixes of names that may exist: the account that shares them cannot be read at the moment.
  std::vector<std::string> unknown_below;
};
/// Returns everything that others share with the caller. Costs one look into memory for who is
/// granted nothing. Errors: those of reading the list of who grants what.
async::Task<Result<SharedMailboxes>> shared_mailboxes(Caller caller);

}  // namespace posthorn::service
