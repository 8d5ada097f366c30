#include "service/mailbox_ref.h"

#include <utility>

namespace posthorn::service {

Caller Caller::owner(store::AccountPtr account) {
  const store::Actor actor = store::Actor::user(account->id());
  return {std::move(account), actor};
}

Caller Caller::administrator(store::AccountPtr account) {
  return {std::move(account), store::Actor::administrator()};
}

Result<MailboxRef> resolve(const Caller& caller, std::string_view name) {
  const store::MailboxPtr found = caller.account->published()->find(name);
  if (found == nullptr) return fail(ErrorKind::not_found, "No such mailbox");
  // Every name is one of the caller's own account, whose owner may do everything.
  return MailboxRef{caller.account, found->id, caller.actor, Rights::all()};
}

Result<store::AccountPtr> account_for(const Caller& caller, std::string_view /*name*/) {
  // Every name is one of the caller's own account.
  return caller.account;
}

Status require(const MailboxRef& mailbox, Right right) {
  if (mailbox.rights.has(right)) return {};
  return fail(ErrorKind::no_permission, "You do not have the right to do that in this mailbox");
}

async::Task<Result<store::MailboxPtr>> newest(MailboxRef mailbox) {
  store::MailboxPtr now = mailbox.published();
  if (now == nullptr) co_return fail(ErrorKind::not_found, "The mailbox no longer exists");
  if (now->contents != nullptr) co_return now;
  co_return co_await mailbox.account->load(mailbox.id);
}

}  // namespace posthorn::service
