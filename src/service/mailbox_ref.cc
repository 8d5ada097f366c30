#include "service/mailbox_ref.h"

#include <utility>

#include "service/account_name.h"
#include "store/removed/removed_mailbox.h"
#include "store/store.h"

namespace posthorn::service {
namespace {

using store::Grant;

constexpr std::string_view kRemovedIsFixed =
    "Deleted messages can only be copied or moved from this mailbox, which brings them back";

/// Returns whether an entry of an access control list is about the caller.
class Naming {
 public:
  Naming(const Caller& caller, const store::SharingPolicy& policy) : caller_(caller) {
    if (caller.login && policy.has_groups()) groups_ = policy.groups_of(normal_name(*caller.login));
  }
  [[nodiscard]] bool names(const Grant& grant) const {
    switch (grant.to) {
      case Grant::To::anyone: return true;
      case Grant::To::account: return grant.account == caller_.actor.account;
      case Grant::To::group: return groups_.contains(grant.group);
    }
    return false;
  }

 private:
  const Caller& caller_;
  store::Groups groups_;
};

}  // namespace

store::MailboxPtr MailboxRef::published() const {
  return shows_removed() ? store::published_removed(*account) : account->published()->find(id);
}

bool MailboxRef::shows_removed() const { return id == store::kRemovedMailbox; }

Caller Caller::owner(store::AccountPtr account, std::uint64_t session) {
  const store::Actor actor = store::Actor::user(account->id()).over(session);
  return {std::move(account), actor};
}

Caller Caller::administrator(store::AccountPtr account, std::uint64_t session) {
  return {std::move(account), store::Actor::administrator().over(session)};
}

Rights rights_of(const Caller& caller, const store::AccountState& state,
                 const store::SharingPolicy& policy, MailboxId mailbox) {
  if (caller.actor.kind != store::Actor::Kind::user) return Rights::all();
  const bool is_owner = caller.actor.account == state.id;
  if (state.grants->empty()) return is_owner ? Rights::all() : Rights();
  const Naming naming(caller, policy);
  Rights given;
  Rights taken;
  bool has_own_entry = false;
  state.grants->for_each_of(mailbox, [&](const store::GrantKey&, const Grant& grant) {
    if (!naming.names(grant)) return;
    if (grant.sign == Grant::Sign::takes_away) {
      taken = taken.with(grant.rights);
    } else {
      given = given.with(grant.rights);
      has_own_entry = has_own_entry || (is_owner && grant.to == Grant::To::account);
    }
  });
  // An owner has everything, unless an entry says otherwise.
  if (is_owner && !has_own_entry) given = Rights::all();
  given = given.without(taken);
  return is_owner ? given.with(kOwnersRights) : given;
}

Rights rights_now(const Caller& caller, const MailboxRef& mailbox) {
  // What has no access control list: annotations of the server, and what was removed.
  if (mailbox.id == MailboxId(0) || mailbox.shows_removed()) return mailbox.rights;
  const store::StatePtr state = mailbox.account->published();
  if (state->grants->empty() && !mailbox.is_foreign()) return Rights::all();
  return rights_of(caller, *state, *mailbox.account->store().policy().sharing, mailbox.id);
}

Result<MailboxRef> resolve(const Caller& caller, std::string_view name) {
  const store::StatePtr state = caller.account->published();
  const store::MailboxPtr found = state->find(name);
  if (found == nullptr && is_removed_mailbox(caller, name))
    return MailboxRef{caller.account, store::kRemovedMailbox, caller.actor, kRemovedRights};
  if (found == nullptr) return no_such_mailbox();
  MailboxRef mailbox{caller.account, found->id, caller.actor, Rights::all()};
  mailbox.rights = rights_now(caller, mailbox);
  return mailbox;
}

store::MailboxPtr removed_mailbox(const Caller& caller) {
  const bool is_owner =
      caller.actor.kind == store::Actor::Kind::user && caller.actor.account == caller.account->id();
  return is_owner ? store::published_removed(*caller.account) : nullptr;
}

bool is_removed_mailbox(const Caller& caller, std::string_view name) {
  const store::MailboxPtr removed = removed_mailbox(caller);
  return removed != nullptr && removed->name == name;
}

Status require(const MailboxRef& mailbox, Right right) { return require_any(mailbox, {right}); }

Status require_any(const MailboxRef& mailbox, Rights rights) {
  if (mailbox.rights.has_any_of(rights)) return {};
  if (!mailbox.rights.has(Right::lookup)) return no_such_mailbox();
  if (mailbox.shows_removed()) return fail(ErrorKind::no_permission, std::string(kRemovedIsFixed));
  return fail(ErrorKind::no_permission, "You do not have the right to do that in this mailbox");
}

std::unexpected<Error> no_such_mailbox() { return fail(ErrorKind::not_found, "No such mailbox"); }

async::Task<Result<store::MailboxPtr>> newest(MailboxRef mailbox) {
  store::MailboxPtr now = mailbox.published();
  if (now == nullptr) co_return fail(ErrorKind::not_found, "The mailbox no longer exists");
  if (mailbox.shows_removed()) co_return co_await store::load_removed(mailbox.account);
  if (now->contents != nullptr) co_return now;
  co_return co_await mailbox.account->load(mailbox.id);
}

}  // namespace posthorn::service
