#pragma once

#include <functional>

#include "async/task.h"
#include "base/result.h"
#include "store/account.h"
#include "store/store.h"
#include "store/value/team.h"

/// Teams: accounts whose mailboxes several people use (store/value/team.h). What members may do
/// with a mailbox is in its access control list, as for every shared mailbox; a mailbox that is
/// created later gets the list of the one above it or, beside INBOX, that of INBOX.
namespace posthorn::service {

/// Makes an account a member, or changes what a member may do: the entries for it in all access
/// control lists of the team are replaced, and the mailboxes are subscribed for it, once. Durable
/// on return. Errors: bad_argument (not a team, a team as member, no rights, or the name of the
/// team cannot be part of a mailbox name), not_found (the member), limit, io, unavailable.
async::Task<Status> set_member(store::AccountPtr team, store::TeamMember member);

/// Ends a membership: all entries for the account are removed from the team's access control lists,
/// at once also for open sessions. Durable on return. Errors: not_found (no such member), io,
/// unavailable.
async::Task<Status> remove_member(store::AccountPtr team, AccountId member);

/// Ends all memberships of an account that is about to be removed. Errors: those of reading the
/// list of shares, and of remove_member().
async::Task<Status> leave_all_teams(store::Store& store, AccountId member);

/// Changes the settings of a team by `edit`, which may run more than once. Members are changed by
/// the functions above. Errors: bad_argument (not a team), those of `edit`, io, unavailable.
async::Task<Status> edit_team(store::AccountPtr team, std::function<Status(store::Team&)> edit);

/// Subscribes the members of a team to mailboxes that were created since. Does nothing for an
/// account that is no team.
async::Task<void> subscribe_members(store::AccountPtr team);

}  // namespace posthorn::service
