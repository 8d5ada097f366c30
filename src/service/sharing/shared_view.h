#pragma once

#include <string>

#include "async/task.h"
#include "base/result.h"
#include "service/mailbox_ref.h"
#include "service/sharing/shared_name.h"
#include "store/value/account_state.h"

/// An account of somebody else, as a user sees it who may use some of its mailboxes. For sessions
/// that tell their clients what changes there (RFC 5465).
namespace posthorn::service {

struct SharingAccount {
  store::AccountPtr account;
  std::string name;
  SharedSpace space = SharedSpace::users;

  /// The name that a mailbox of this account has for others.
  [[nodiscard]] std::string name_of(const store::Mailbox& mailbox) const;
};

/// Errors: not_found, corrupt, io; bad_argument if its mailboxes cannot be named by others.
async::Task<Result<SharingAccount>> open_sharing(store::Store& store, AccountId id);

/// Returns the state of the account with the mailboxes that the caller may look up as its only
/// names (RFC 4314 §4 "l"), as the caller writes them, and with the caller's subscriptions. `own`
/// is the state of the caller's account, whose names come first.
store::StatePtr view_of(const Caller& caller, const SharingAccount& theirs,
                        const store::AccountState& state, const store::SharingPolicy& policy,
                        const store::AccountState& own);

/// Returns whether the caller may both look up and read the mailbox, and so be told of its messages
/// (RFC 5465 §3.1).
bool may_be_told(const Caller& caller, const store::AccountState& state,
                 const store::SharingPolicy& policy, MailboxId mailbox);

}  // namespace posthorn::service
