#include "service/sharing/subscribe_readers.h"

#include <map>
#include <string>
#include <utility>

#include "base/log.h"
#include "service/sharing/find.h"
#include "service/sharing/shared_name.h"
#include "store/store.h"

namespace posthorn::service {
namespace {

using async::Task;
using store::Change;
using store::Grant;
using store::GrantKey;

/// What is to be subscribed for one user.
struct Fresh {
  std::vector<std::string> names;  ///< As the user names the mailboxes.
  std::vector<GrantKey> entries;
};

bool is_due(const Grant* grant) {
  return grant != nullptr && !grant->subscribed && grant->sign == Grant::Sign::gives &&
         grant->to == Grant::To::account && grant->account != AccountId{} &&
         grant->rights.has(store::Right::lookup) && grant->rights.has(store::Right::read);
}

std::map<AccountId, Fresh> due(const store::AccountState& state, const std::string& owner,
                               SharedSpace space, const std::vector<GrantKey>& entries) {
  std::map<AccountId, Fresh> by_reader;
  for (const GrantKey& key : entries) {
    const Grant* const grant = state.grants->find(key);
    const store::MailboxPtr mailbox = state.find(key.mailbox);
    if (!is_due(grant) || mailbox == nullptr || grant->account == state.id) continue;
    Fresh& fresh = by_reader[grant->account];
    fresh.names.push_back(shared_name(owner, mailbox->name, space));
    fresh.entries.push_back(key);
  }
  return by_reader;
}

/// Returns false if it failed.
Task<bool> subscribe_one(store::Store& store, AccountId reader, const Fresh& fresh) {
  auto account = co_await store.account(reader);
  if (!account) co_return false;
  auto done = co_await (*account)->change(
      store::Actor::administrator(), {}, [&fresh](Change& change) -> Status {
        for (const std::string& name : fresh.names)
          if (auto subscribed = change.subscribe(name); !subscribed) return pass(subscribed);
        return {};
      });
  if (done) co_return true;
  log::warning("account {}: subscribing \"{}\", which was shared with it: {}", to_hex(reader),
               fresh.names.front(), done.error().text);
  co_return false;
}

}  // namespace

Task<void> subscribe_readers(store::AccountPtr owner, std::vector<GrantKey> entries) {
  store::Store& store = owner->store();
  if (!store.policy().sharing->subscribe) co_return;
  const auto profile = co_await store.profile(owner->id());
  if (!profile || !can_be_named(profile->name)) co_return;
  const auto by_reader = due(*owner->published(), profile->name, space_of(*profile), entries);
  std::vector<GrantKey> done;
  for (const auto& [reader, fresh] : by_reader)
    if (co_await subscribe_one(store, reader, fresh))
      done.insert(done.end(), fresh.entries.begin(), fresh.entries.end());
  if (done.empty()) co_return;
  (void)co_await owner->change(store::Actor::administrator(), {},
                               [&done](Change& change) -> Status {
                                 for (const GrantKey& key : done) {
                                   const Grant* const still = change.state().grants->find(key);
                                   if (still == nullptr) continue;
                                   Grant marked = *still;
                                   marked.subscribed = true;
                                   if (Status ok = change.set_grant(key, std::move(marked)); !ok)
                                     return ok;
                                 }
                                 return {};
                               });
}

}  // namespace posthorn::service
