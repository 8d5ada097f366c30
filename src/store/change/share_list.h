#pragma once

#include <string>
#include <string_view>

#include "base/ids.h"
#include "store/value/grants.h"

/// The list of who has granted whom something, so that the mailboxes that are shared with a user
/// are found without opening every account: one row for each pair of a grantee and an account that
/// grants, in one of the share shards. What is granted is only in the account; the list says no
/// more than where to look. A row is therefore durable before the first grant is, and a superfluous
/// one costs a look. Store has the functions.
namespace posthorn::store {

/// A grantee, in the form of the list: the account with this id, ...
std::string grantee_account(const AccountId& account);
/// ... everybody, ...
std::string grantee_anyone();
/// ... or the members of a group.
std::string grantee_group(std::string_view group);
/// The one that a grant names.
std::string grantee_of(const Grant& grant);

}  // namespace posthorn::store
