#include "service/sharing/team.h"

#include <string>
#include <utility>
#include <vector>

#include "service/sharing/shared_name.h"
#include "service/sharing/subscribe_readers.h"
#include "store/change/share_list.h"

namespace posthorn::service {
namespace {

using async::Task;
using store::Actor;
using store::Change;
using store::Grant;
using store::GrantKey;
using store::SendingSettings;
using store::Team;
using store::TeamMember;

std::unexpected<Error> not_a_team() {
  return fail(ErrorKind::bad_argument, "The account is not a team");
}

/// The entries of all access control lists that name the account.
std::vector<GrantKey> entries_of(const store::AccountState& state, const AccountId& account) {
  std::vector<GrantKey> keys;
  for (const auto& [key, grant] : state.grants->all())
    if (grant.to == Grant::To::account && grant.account == account) keys.push_back(key);
  return keys;
}

std::vector<GrantKey> all_entries(const store::AccountState& state) {
  std::vector<GrantKey> keys;
  for (const auto& [key, grant] : state.grants->all()) keys.push_back(key);
  return keys;
}

/// Replaces the entries of a member. What was subscribed for it once is not subscribed again.
Status grant_all(Change& change, const TeamMember& member, const std::string& name) {
  // Those that name it by another address, or take rights away.
  for (const GrantKey& key : entries_of(change.state(), member.account))
    if (key.identifier != name)
      if (Status ok = change.set_grant(key, std::nullopt); !ok) return ok;
  for (const auto& [box, id] : *change.state().names) {
    const GrantKey key{id, name};
    const Grant* const before = change.state().grants->find(key);
    const bool subscribed =
        before != nullptr && before->account == member.account && before->subscribed;
    // An entry of the same name may be that of an earlier account.
    Grant grant{.to = Grant::To::account, .account = member.account, .rights = member.rights};
    grant.subscribed = subscribed;
    if (Status ok = change.set_grant(key, std::move(grant)); !ok) return ok;
  }
  return {};
}

Status add(Change& change, const TeamMember& member, const std::string& name) {
  SendingSettings settings = *change.state().sending;
  if (!settings.team) return not_a_team();
  if (settings.team->find(member.account) == nullptr &&
      settings.team->members.size() >= Team::kMaxMembers)
    return fail(ErrorKind::limit,
                fmt::format("A team can have {} members at most", Team::kMaxMembers));
  settings.team->set(member);
  change.set_sending(std::move(settings));
  return grant_all(change, member, name);
}

}  // namespace

Task<Status> set_member(store::AccountPtr team, TeamMember member) {
  store::Store& store = team->store();
  if (member.rights.empty())
    co_return fail(ErrorKind::bad_argument, "A member of a team needs rights");
  const auto own = co_await store.profile(team->id());
  if (!own) co_return std::unexpected(own.error());
  if (!can_be_named(own->name))
    co_return fail(
        ErrorKind::bad_argument,
        "The name of a team may not contain '/', '%' or '*': it is a part of the names of "
        "its mailboxes");
  const auto profile = co_await store.profile(member.account);
  if (!profile) co_return std::unexpected(profile.error());
  if (profile->team) co_return fail(ErrorKind::bad_argument, "A team cannot be a member of a team");
  {
    const auto turn = co_await store.share_turn();
    // Durable before the grants, so that none remains that nobody finds.
    Status noted = co_await store.note_share(store::grantee_account(member.account), team->id());
    if (!noted) co_return noted;
    auto done = co_await team->change(Actor::administrator(), {}, [&](Change& change) {
      return add(change, member, profile->name);
    });
    if (!done) co_return pass(done);
  }
  co_await subscribe_readers(team, entries_of(*team->published(), member.account));
  co_return Status();
}

Task<Status> remove_member(store::AccountPtr team, AccountId member) {
  store::Store& store = team->store();
  const auto turn = co_await store.share_turn();
  auto done = co_await team->change(Actor::administrator(), {}, [&](Change& change) -> Status {
    SendingSettings settings = *change.state().sending;
    if (!settings.team) return not_a_team();
    if (!settings.team->remove(member))
      return fail(ErrorKind::not_found, "The account is not a member of the team");
    change.set_sending(std::move(settings));
    for (const GrantKey& key : entries_of(change.state(), member))
      if (Status ok = change.set_grant(key, std::nullopt); !ok) return ok;
    return {};
  });
  if (!done) co_return pass(done);
  // A superfluous row of the list only costs a look.
  (void)co_await store.forget_share(store::grantee_account(member), team->id());
  co_return Status();
}

Task<Status> leave_all_teams(store::Store& store, AccountId member) {
  const auto owners = co_await store.sharers(store::grantee_account(member));
  if (!owners) co_return std::unexpected(owners.error());
  for (const AccountId& owner : **owners) {
    auto account = co_await store.account(owner);
    if (!account && account.error().kind == ErrorKind::not_found) continue;
    if (!account) co_return pass(account);
    const auto& team = (*account)->published()->sending->team;
    if (!team || team->find(member) == nullptr) continue;
    Status left = co_await remove_member(*account, member);
    if (!left && left.error().kind != ErrorKind::not_found) co_return left;
  }
  co_return Status();
}

Task<Status> edit_team(store::AccountPtr team, std::function<Status(Team&)> edit) {
  auto done = co_await team->change(Actor::administrator(), {}, [&](Change& change) -> Status {
    SendingSettings settings = *change.state().sending;
    if (!settings.team) return not_a_team();
    if (Status ok = edit(*settings.team); !ok) return ok;
    change.set_sending(std::move(settings));
    return {};
  });
  co_return done ? Status() : pass(done);
}

Task<void> subscribe_members(store::AccountPtr team) {
  const store::StatePtr state = team->published();
  if (!state->sending->team) co_return;
  co_await subscribe_readers(team, all_entries(*state));
}

}  // namespace posthorn::service
