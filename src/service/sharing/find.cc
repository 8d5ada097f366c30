#include "service/sharing/find.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/log.h"
#include "service/account_name.h"
#include "service/sharing/shared_name.h"
#include "store/change/share_list.h"
#include "store/store.h"

namespace posthorn::service {
namespace {

using async::Task;

/// Everything by which the caller may have been granted something.
std::vector<std::string> grantees_of(const Caller& caller, const store::SharingPolicy& policy) {
  std::vector<std::string> grantees = {store::grantee_account(caller.actor.account),
                                       store::grantee_anyone()};
  if (!caller.login || !policy.has_groups()) return grantees;
  for (const std::string& group : policy.groups_of(normal_name(*caller.login)).all())
    grantees.push_back(store::grantee_group(group));
  return grantees;
}

}  // namespace

Task<Result<std::set<AccountId>>> sharers_of(Caller caller) {
  store::Store& store = caller.account->store();
  std::set<AccountId> owners;
  if (caller.actor.kind != store::Actor::Kind::user) co_return owners;
  for (std::string& grantee : grantees_of(caller, *store.policy().sharing)) {
    const auto found = co_await store.sharers(std::move(grantee));
    if (!found) co_return std::unexpected(found.error());
    owners.insert((*found)->begin(), (*found)->end());
  }
  owners.erase(caller.account->id());
  co_return owners;
}

namespace {

/// Returns the account that shares the mailbox of that name with the caller. That it does not, and
/// that there is no such account, is found out in the same way.
Task<Result<store::AccountPtr>> sharer(Caller caller, SharedName name) {
  store::Store& store = caller.account->store();
  const auto owners = co_await sharers_of(caller);
  if (!owners) co_return std::unexpected(owners.error());
  const auto entry = co_await store.find_address(name.owner);
  if (!entry) co_return std::unexpected(entry.error());
  if (!*entry || (*entry)->alias || !owners->contains((*entry)->account))
    co_return no_such_mailbox();
  const auto profile = co_await store.profile((*entry)->account);
  if (profile && space_of(*profile) != name.space) co_return no_such_mailbox();
  auto account = co_await store.account((*entry)->account);
  // It is being removed.
  if (!account && account.error().kind == ErrorKind::not_found) co_return no_such_mailbox();
  co_return account;
}

/// The existing mailbox whose rights count for creating one of this name; null if there is none.
/// Beside the INBOX of a team, its members may create what they may create below it.
store::MailboxPtr nearest_above(const store::AccountState& state, std::string_view name) {
  for (std::size_t cut = name.rfind(store::kDelimiter); cut != std::string_view::npos;
       cut = name.rfind(store::kDelimiter)) {
    name = name.substr(0, cut);
    if (store::MailboxPtr parent = state.find(name)) return parent;
  }
  return state.sending->team ? state.find("INBOX") : nullptr;
}

}  // namespace

SharedSpace space_of(const store::AccountProfile& profile) {
  return profile.team ? SharedSpace::teams : SharedSpace::users;
}

Task<Result<MailboxRef>> find_mailbox(Caller caller, std::string name, Rights any_of) {
  // The name may have been given, and the mailbox filled, over another node.
  if (Status current = co_await caller.account->be_current(); !current) co_return pass(current);
  auto mailbox = resolve(caller, name);
  const auto shared = mailbox ? std::nullopt : shared_name_of(name);
  if (shared) {
    auto account = co_await sharer(caller, *shared);
    if (!account) co_return pass(account);
    if (Status current = co_await (*account)->be_current(); !current) co_return pass(current);
    const store::MailboxPtr found = (*account)->published()->find(shared->mailbox);
    if (found == nullptr) co_return no_such_mailbox();
    mailbox = MailboxRef{std::move(*account), found->id, caller.actor, {}};
    mailbox->rights = rights_now(caller, *mailbox);
  }
  if (!mailbox) co_return mailbox;
  if (Status allowed = require_any(*mailbox, any_of); !allowed) co_return pass(allowed);
  co_return mailbox;
}

Task<Result<Place>> place_of(Caller caller, std::string name) {
  const bool is_own =
      !is_in_shared_namespace(name) || caller.account->published()->names->contains(name);
  if (is_own) co_return Place{caller.account, std::move(name), Rights::all()};
  auto shared = shared_name_of(name);
  if (!shared) co_return no_such_mailbox();
  auto account = co_await sharer(caller, *shared);
  if (!account) co_return pass(account);
  Place place{std::move(*account), std::move(shared->mailbox), {}};
  if (const auto parent = nearest_above(*place.account->published(), place.name))
    place.above = rights_now(caller, MailboxRef{place.account, parent->id, caller.actor, Rights()});
  co_return place;
}

Task<Result<SharedMailboxes>> shared_mailboxes(Caller caller) {
  SharedMailboxes all;
  const auto owners = co_await sharers_of(caller);
  if (!owners) co_return std::unexpected(owners.error());
  store::Store& store = caller.account->store();
  for (const AccountId& owner : *owners) {
    const auto profile = co_await store.profile(owner);
    if (!profile || !can_be_named(profile->name)) continue;
    const auto entry = co_await store.find_address(profile->name);
    if (!entry) co_return std::unexpected(entry.error());
    // What was removed is stored for a while, without an address.
    if (!*entry || (*entry)->account != owner) continue;
    auto account = co_await store.account(owner);
    if (!account) {
      if (account.error().kind == ErrorKind::not_found) continue;
      log::error("account {}: what it shares cannot be listed: {} ({})", to_hex(owner),
                 account.error().text, account.error().cause);
      all.unknown_below.push_back(shared_name(profile->name, "", space_of(*profile)));
      continue;
    }
    const store::StatePtr state = (*account)->published();
    const auto policy = store.policy().sharing;
    for (const auto& [name, id] : *state->names) {
      if (!state->grants->any_of(id)) continue;
      const Rights rights = rights_of(caller, *state, *policy, id);
      if (!rights.has(Right::lookup)) continue;
      all.mailboxes.push_back({shared_name(profile->name, name, space_of(*profile)),
                               {*account, id, caller.actor, rights},
                               state->find(id)});
    }
  }
  std::ranges::sort(all.mailboxes, {}, &SharedMailbox::name);
  co_return all;
}

}  // namespace posthorn::service
