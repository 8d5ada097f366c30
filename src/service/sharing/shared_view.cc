#include "service/sharing/shared_view.h"

#include <memory>
#include <utility>

#include "service/sharing/find.h"
#include "store/store.h"

namespace posthorn::service {

using async::Task;

std::string SharingAccount::name_of(const store::Mailbox& mailbox) const {
  return shared_name(name, mailbox.name, space);
}

Task<Result<SharingAccount>> open_sharing(store::Store& store, AccountId id) {
  auto profile = co_await store.profile(id);
  if (!profile) co_return pass(profile);
  if (!can_be_named(profile->name))
    co_return fail(ErrorKind::bad_argument, "Mailboxes of this account cannot be shared");
  auto entry = co_await store.find_address(profile->name);
  if (!entry) co_return pass(entry);
  // What was removed is stored for a while, without an address.
  if (!*entry || (*entry)->account != id)
    co_return fail(ErrorKind::not_found, "The account was removed");
  auto account = co_await store.account(id);
  if (!account) co_return pass(account);
  const SharedSpace space = space_of(*profile);
  co_return SharingAccount{std::move(*account), std::move(profile->name), space};
}

store::StatePtr view_of(const Caller& caller, const SharingAccount& theirs,
                        const store::AccountState& state, const store::SharingPolicy& policy,
                        const store::AccountState& own) {
  auto view = std::make_shared<store::AccountState>(state);
  auto names = std::make_shared<store::AccountState::Names>();
  for (const auto& [name, id] : *state.names) {
    if (!state.grants->any_of(id)) continue;
    if (!rights_of(caller, state, policy, id).has(Right::lookup)) continue;
    std::string known_as = shared_name(theirs.name, name, theirs.space);
    if (!own.names->contains(known_as)) names->emplace(std::move(known_as), id);
  }
  view->names = std::move(names);
  view->subscriptions = own.subscriptions;
  return view;
}

bool may_be_told(const Caller& caller, const store::AccountState& state,
                 const store::SharingPolicy& policy, MailboxId mailbox) {
  const Rights rights = rights_of(caller, state, policy, mailbox);
  return rights.has(Right::lookup) && rights.has(Right::read);
}

}  // namespace posthorn::service
